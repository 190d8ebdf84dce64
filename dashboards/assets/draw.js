/* Three small duties of the browser: put each drawing into the page, name the tab, keep the reader's choice of theme. */
(function () {
  "use strict";

  function draw(node) {
    if (node.getAttribute("data-svg") === node.drawn) { return; }
    node.drawn = node.getAttribute("data-svg");
    node.innerHTML = node.drawn;                 /* text inside was escaped where the drawing was made */
  }

  function drawAll(root) {
    if (root.nodeType !== 1) { return; }
    if (root.hasAttribute("data-svg")) { draw(root); }
    root.querySelectorAll("[data-svg]").forEach(draw);
  }

  function nameTab() {
    var title = document.querySelector("h1");
    var said = (title ? title.textContent + " · " : "") + "Hospital twin";
    if (document.title !== said) { document.title = said; }
  }

  new MutationObserver(function (changes) {
    changes.forEach(function (change) {
      if (change.type === "attributes") { draw(change.target); }
      change.addedNodes.forEach(drawAll);
    });
    nameTab();
  }).observe(document.documentElement,
             { subtree: true, childList: true, attributes: true, attributeFilter: ["data-svg"] });
  drawAll(document.documentElement);

  function theme() { return document.documentElement.getAttribute("data-theme"); }

  document.addEventListener("click", function (event) {
    if (!event.target.closest) { return; }
    if (event.target.closest("#theme")) {
      var next = theme() === "dark" ? "light" : "dark";
      document.documentElement.setAttribute("data-theme", next);
      try { localStorage.setItem("theme", next); } catch (refused) { /* private window: the choice lasts this page */ }
    }
    if (event.target.closest("#print")) { window.print(); }
  });
})();
