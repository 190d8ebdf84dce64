# The two commands of the house. Both set everything up first; a second call finds it done.
#
#   make run    the main job on the reference hospital, then the app on http://127.0.0.1:8050
#               (SERVE=0 stops after the job; WORKSPACE=folder; RUN="words for twin run")
#   make test   all checks and all tests (PARTS="lint forecasting" plays some parts only)

WORKSPACE ?= workspace
SERVE ?= 1
RUN ?=
PARTS ?=

.PHONY: run test set-up clean

run: set-up
	@test -e "$(WORKSPACE)/hospital.toml" || .venv/bin/twin init "$(WORKSPACE)"
	@.venv/bin/twin run --workspace "$(WORKSPACE)" $(RUN) || { code=$$?; test $$code = 5 || exit $$code; }
	@if [ "$(SERVE)" != 0 ]; then exec .venv/bin/twin serve --workspace "$(WORKSPACE)"; fi

test:
	@begun=$$(date +%s); scripts/bootstrap --tests && \
	TWIN_SETUP_SECONDS=$$(( $$(date +%s) - begun )) .venv/bin/python scripts/test $(PARTS)

set-up:
	@scripts/bootstrap

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
