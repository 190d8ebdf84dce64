"""Work and readers that a process for foreign files may meet: good ones, and each way to go wrong."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from twin.errors import BadData, Infeasible, NotFound, Problem
from twin.records.events import events

HERE = "tests.mirror.twin.records.reading.hostile"


def echo(job, say):
    return {
        "job": job,
        "pid": os.getpid(),
        "cwd": os.getcwd(),
        "environment": dict(os.environ),
        "argv": sys.orig_argv,
    }


def counts(job, say):
    for count in range(1, 4):
        time.sleep(0.25)
        say(count)
    return {}


def eats_memory(job, say):
    return {"rows": [bytearray(1 << 20) for _ in range(100_000)]}


def eats_memory_in_arrow(job, say):
    import pyarrow as pa

    return {"rows": [pa.allocate_buffer(1 << 24).size for _ in [pa.allocate_buffer(1 << 40)]]}


def takes_all_it_may(job, say):
    held = []
    try:
        while True:
            held.append(bytearray(4 << 20))
    except MemoryError:
        held.clear()
    with open("/proc/self/status", encoding="ascii") as file:
        return {"peak": next(int(line.split()[1]) << 10 for line in file if line.startswith("VmHWM:"))}


def asks_the_network(job, say):
    socket.create_connection(("127.0.0.1", 9))


def starts_another(job, say):
    subprocess.run(["true"], check=True)


def spins(job, say):
    while True:
        pass


def spins_deaf(job, say):
    for number in (signal.SIGTERM, signal.SIGXCPU, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        pass


def sleeps(job, say):
    Path(job["pid_file"]).write_text(str(os.getpid()))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)


def segfaults(job, say):
    os.kill(os.getpid(), signal.SIGSEGV)


def aborts_for_memory(job, say):
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
    os.abort()


def leaves(job, say):
    os._exit(7)


def prints(job, say):
    print("Ann Example, born 1950")
    os.write(1, b"\x00\xff not an answer\n")
    os.write(2, b"Ann Example " * 100_000)
    return {"said": "all is well"}


def answers_garbage(job, say):
    for handle in range(3, 64):
        try:
            os.write(handle, b"}{\n")
        except OSError:
            continue
    time.sleep(600)


def answers_without_end(job, say):
    for handle in range(3, 64):
        try:
            while True:
                os.write(handle, b"x" * (1 << 16))
        except OSError:
            continue
    time.sleep(600)


def answers_a_list(job, say):
    return ["no", "object"]


def breaks(job, say):
    raise KeyError("Ann Example")


def breaks_deep(job, say):
    return breaks_deep(job, say)


def refuses(job, say):
    raise BadData("visits.csv", [Problem("row 2", 7, "no such ward", 'did you mean "oak"?', "E_NOT_FOUND")])


def finds_nothing(job, say):
    raise NotFound("no mapping of this name")


def is_infeasible(job, say):
    raise Infeasible("no room")


def writes_without_end(job, say):
    with open("big", "wb") as file:
        while True:
            file.write(bytes(1 << 20))


def is_refused_by_the_system(job, say):
    raise OSError(job["number"], os.strerror(job["number"]), "segment.parquet")


def opens_without_end(job, say):
    return {"files": len([open(os.devnull) for _ in range(10_000)])}


def limits(job, say):
    import resource

    return {"core": resource.getrlimit(resource.RLIMIT_CORE)}


# ---------------------------------------------------------------- readers


def read(path, asked, told):
    """Each line is an encounter; a line that says "odd" is put aside."""
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            told.read += 1
            if line.strip() == "odd":
                told.fault(number, "encounter", line.strip(), "is odd", "leave it out", "E_RANGE")
                continue
            key = asked.pseudonyms.encounter(line.strip())
            told.note("lines")
            yield events(
                {
                    "thing": ["encounter"],
                    "key": [key],
                    "said": ["state"],
                    "row": [number],
                    "started": [asked.now],
                },
                1,
            )


def read_what_is_written_to(path, asked, told):
    yield from read(path, asked, told)
    with open(path, "a", encoding="utf-8") as file:
        file.write("one more\n")


def read_what_is_replaced(path, asked, told):
    yield from read(path, asked, told)
    other = Path("other")
    other.write_bytes(path.read_bytes())
    os.replace(other, path)


def read_then_break(path, asked, told):
    yield from read(path, asked, told)
    os.kill(os.getpid(), signal.SIGKILL)


def read_something_else(path, asked, told):
    import pyarrow as pa

    yield pa.record_batch({"name": ["Ann Example"]})
