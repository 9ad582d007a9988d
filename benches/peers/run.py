#!/usr/bin/env python3
"""Runs the peers side by side: every round runs every command once (A B C ... A B C ...), each round with its own seed.

    run.py GROUP [ROUNDS]       GROUP: w1 w2rr w2lc w2load3 scale-n scale-m rules crowd fel draw variants wasm
Environment: PY (CPython >= 3.13 with the packages of README.md), PYPY, NODE, BUSYHOUR. A missing program is skipped.
Writes out/GROUP.json (all runs) and prints a Markdown table of medians.
Times are CPU seconds of the simulation itself (without start-up); every program is single-threaded.
"""
import json
import math
import os
import re
import shutil
import statistics as st
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PY = os.environ.get("PY", "python3")
PYPY = os.environ.get("PYPY", "pypy3")
NODE = os.environ.get("NODE", "node")
LIMIT = f"{HERE}/limit/target/release/limit"
MICRO = f"{HERE}/limit/target/release/micro"
WEBN = f"{HERE}/limit/target/web-native/release/limit"
RP = f"{HERE}/rustpeers/target/release"
CPP = f"{HERE}/cpp"
ROOT = os.path.dirname(os.path.dirname(HERE))
BUSYHOUR = os.environ.get("BUSYHOUR", f"{ROOT}/target/peers/fastest/busyhour")
GLUE = f"{ROOT}/target/wasm/nodejs"
RATE = {"w1": 90, "w2": 400}  # arrivals per second, as in the scenarios bench-w1.yaml and bench-w2.yaml


def busyhour(wl, n, m=8, load=1, lb="rr"):
    """The command for about n requests: a scenario has a duration, not a number of requests."""
    rate = RATE[wl] * load * (m / 8 if wl == "w2" else 1)
    cmd = f"{BUSYHOUR} run {ROOT}/scenarios/bench-{wl}.yaml --seed {{seed}} --format json --duration {n / rate:.0f}s"
    sets = {}
    if wl == "w2" and lb != "rr":
        sets["nodes.lb.balance"] = "least_conn"
    if m != 8:
        sets |= {"nodes.web.replicas": m, "nodes.db.servers": 20 * m // 8}
    if m != 8 or load != 1:
        sets["users.clients.arrivals.base"] = f"{rate:.0f}/s"
    return cmd + "".join(f" --set {k}={v}" for k, v in sets.items())


def busyhour_row(report):
    """Busyhour's report in the words of the other programs."""
    eng, req, lat = report["engine"], report["requests"], report["latency_ms"]
    n = req["issued"]
    row = {"impl": "busyhour", "n": n, "done": req.get("done", n), "cpu": eng["cpu_seconds"],
           "wall": eng.get("wall_seconds", eng["cpu_seconds"]), "events": eng.get("events", 0)}
    return row | {q: lat[q] / 1e3 for q in ("mean", "p50", "p95", "p99")}


def play_row(line):
    """A line of play.mjs: digest, requests and wall seconds of one play in WASM."""
    row = {"impl": "wasm-busyhour", "n": line["requests"], "done": line["requests"], "events": 0}
    return row | {"cpu": line["wall_s"], "wall": line["wall_s"]} | dict.fromkeys(("mean", "p50", "p95", "p99"), 0)


def busyhour_wasm(wl, repeat):
    return f"{NODE} {ROOT}/xtask/js/play.mjs {GLUE} {ROOT}/scenarios/bench-{wl}.yaml {{seed}} {repeat}"


def py(script, n, tail="", exe=None):
    return f"{exe or PY} {HERE}/python/{script}.py {n} {{seed}} {tail}"


def limit(wl, v, n, tail=""):
    return f"{LIMIT} {wl} {v} {n} {{seed}} {tail}"


def w2(tail, small=100_000, more=True):
    m, load, lb = tail.split()
    c = {
        "busyhour": busyhour("w2", 10**6, int(m), int(load), lb),
        "limit-h4-libm": limit("w2", "h4-libm", 10**6, tail),
        "limit-h4": limit("w2", "h4", 10**6, tail),
        "limit-h4-tab": limit("w2", "h4-tab", 10**6, tail),
        "limit-h4-lazy": limit("w2", "h4-lazy", 10**6, tail),
        "limit-interp-libm": limit("w2", "interp-libm", 10**6, tail),
        "limit-interp-tab": limit("w2", "interp-tab", 10**6, tail),
        "cpp-hand": f"{CPP}/hand w2 1000000 {{seed}} {tail}",
        "simcore": f"{RP}/simcore_w2 1000000 {{seed}} {tail}",
        "simu-des": f"{RP}/simu_w2 1000000 {{seed}} {tail}",
        "nexosim": f"{RP}/nexo_w2 1000000 {{seed}} {tail}",
        "js-hand": f"{NODE} {HERE}/js/hand.mjs w2 1000000 {{seed}} {tail}",
        "simpy": py("simpy_w2", 2 * small, tail),
        "simpy-pypy": py("simpy_w2", 10 * small, tail, PYPY),
    }
    if more:
        c |= {"limit-floor": limit("w2", "floor", 10**6, tail), "asyncflow (less work)": py("asyncflow_near", small, tail),
              "happysim": py("happysim_w2", small // 4, tail), "salabim": py("salabim_w2", small // 4, tail)}
    return c


GROUPS = {
    "w1": {
        "busyhour": busyhour("w1", 10**6),
        "limit-floor": limit("w1", "floor", 10**6),
        "limit-kw-libm": limit("w1", "kw-libm", 10**6),
        "limit-h4-libm": limit("w1", "h4-libm", 10**6),
        "limit-h4": limit("w1", "h4", 10**6),
        "limit-h4-tab": limit("w1", "h4-tab", 10**6),
        "limit-h4-lane": limit("w1", "h4-lane", 10**6),
        "limit-boxed": limit("w1", "boxed", 10**6),
        "cpp-hand": f"{CPP}/hand w1 1000000 {{seed}}",
        "simcore": f"{RP}/simcore_w1 1000000 {{seed}}",
        "systemc": f"{CPP}/systemc_w1 1000000 {{seed}}",
        "simu-des": f"{RP}/simu_w1 1000000 {{seed}}",
        "nexosim": f"{RP}/nexo_w1 1000000 {{seed}}",
        "js-hand": f"{NODE} {HERE}/js/hand.mjs w1 1000000 {{seed}}",
        "simgrid": f"{CPP}/simgrid_w1 300000 {{seed}} --log=root.threshold:error",
        "simpy": py("simpy_w1", 10**6),
        "simpy-pypy": py("simpy_w1", 10**6, "", PYPY),
        "ciw": py("ciw_w1", 200_000),
        "happysim": py("happysim_w1", 100_000),
        "salabim": py("salabim_w1", 30_000),
    },
    "w2rr": w2("8 1 rr"),
    "w2lc": w2("8 1 lc", more=False),
    "w2load3": w2("8 3 lc", more=False),
}
GROUPS["scale-n"] = {}
for n in (10**5, 10**6, 10**7):
    for wl in ("w1", "w2"):
        g = GROUPS["scale-n"]
        g[f"{wl} busyhour {n:.0e}"] = busyhour(wl, n)
        g[f"{wl} limit-h4-libm {n:.0e}"] = limit(wl, "h4-libm", n)
        if wl == "w2":
            g[f"{wl} limit-interp-libm {n:.0e}"] = limit(wl, "interp-libm", n)
        g[f"{wl} cpp-hand {n:.0e}"] = f"{CPP}/hand {wl} {n} {{seed}}"
        g[f"{wl} simcore {n:.0e}"] = f"{RP}/simcore_{wl} {n} {{seed}}"
        g[f"{wl} nexosim {n:.0e}"] = f"{RP}/nexo_{wl} {n} {{seed}}"
        if n < 10**7:
            g[f"{wl} simpy {n:.0e}"] = py(f"simpy_{wl}", n)
GROUPS["scale-m"] = {}
for m in (8, 80, 1000):
    for lb in ("rr", "lc"):
        g, t = GROUPS["scale-m"], f"{m} 1 {lb}"
        g[f"{lb} {m} busyhour"] = busyhour("w2", 10**6, m, 1, lb)
        for v in ("h4-libm", "h4-lazy", "radix-lazy", "h4-cancel", "interp-libm"):
            g[f"{lb} {m} limit-{v}"] = limit("w2", v, 10**6, t)
        g[f"{lb} {m} cpp-hand"] = f"{CPP}/hand w2 1000000 {{seed}} {t}"
        g[f"{lb} {m} simcore"] = f"{RP}/simcore_w2 1000000 {{seed}} {t}"
        g[f"{lb} {m} nexosim"] = f"{RP}/nexo_w2 1000000 {{seed}} {t}"
        g[f"{lb} {m} simpy"] = py("simpy_w2", 10**5, t)
GROUPS["rules"] = {}
for rule in ("round_robin", "weighted", "least_connections", "ip_hash", "consistent_hash", "random", "random_two"):
    for m in (8, 1000):
        GROUPS["rules"][f"{rule} {m}"] = busyhour("w2", 300_000, m) + f" --set nodes.lb.balance={rule}"
# as many requests from a thousand users as from a million
GROUPS["crowd"] = {f"crowd {n}": f"{BUSYHOUR} run {HERE}/crowd.yaml --seed {{seed}} --format json --set users.crowd.closed={n} "
                                 f"--set users.crowd.think={{{{'exponential':'{n}ms'}}}}" for n in (1000, 10**6)}
GROUPS["fel"] = {f"{q} {n}": f"{MICRO} fel {q} {n}" for n in ("20", "1e2", "1e4", "1e6")
                 for q in ("std", "h2", "h4", "h4td", "h8", "ih4", "cal", "pair", "radix")}
GROUPS["draw"] = {d: f"{MICRO} draw {d}" for d in (
    "u01 exp-std exp-libm exp-zig-std exp-zig-libm norm-polar-std norm-polar-libm norm-zig-std norm-zig-libm "
    "logn-polar-std logn-polar-libm logn-zig-std logn-zig-libm logn-zig-tab").split()} | {"hist": f"{MICRO} hist"}
GROUPS["variants"] = {f"w1 {v}": limit("w1", v, 10**6) for v in (
    "h4 h4-f64 h4-lane h4-libm h4-tab h4-inv h4-inv-libm h2 h4td h8 std cal pair radix boxed kw floor").split()} | {
    f"w2 {v}": limit("w2", v, 10**6) for v in (
        "h4 h4-f64 h4-libm h4-tab h4-inv h4-inv-libm h4-lazy h4-cancel h4-notimer h4td std std-lazy cal cal-lazy pair-lazy "
        "radix-lazy interp interp-libm interp-tab floor").split()}
W = f"{NODE} {HERE}/wasm/run.mjs {HERE}/limit/target/limit-"
GROUPS["wasm"] = {}
for wl, vs in (("w1", ("h4-libm", "h4-tab", "kw-libm")), ("w2", ("h4-libm", "h4-tab", "h4-lazy", "interp-libm", "interp-tab"))):
    for v in vs:
        g = GROUPS["wasm"]
        g[f"{wl} {v} native (rustc stable)"] = limit(wl, v, 10**6)
        g[f"{wl} {v} native (rustc-web)"] = f"{WEBN} {wl} {v} 1000000 {{seed}}"
        g[f"{wl} {v} wasm first call"] = f"{W}simd.wasm {wl} {v} 1000000 8 rr 1"
        g[f"{wl} {v} wasm warm"] = f"{W}simd.wasm {wl} {v} 1000000 8 rr 3"
        g[f"{wl} {v} wasm warm, no simd"] = f"{W}plain.wasm {wl} {v} 1000000 8 rr 3"
for wl in ("w1", "w2"):
    # the last of five plays is warm; the scenario's own duration makes about a million requests
    GROUPS["wasm"] |= {f"{wl} busyhour native": busyhour(wl, 10**6), f"{wl} busyhour wasm first call": busyhour_wasm(wl, 1),
                       f"{wl} busyhour wasm warm": busyhour_wasm(wl, 5)}


def erlang_mean(lam=90.0, mu=10.0, c=10):
    a = lam / mu
    s = sum(a**k / math.factorial(k) for k in range(c))
    last = a**c / math.factorial(c) * c / (c - a)
    return 1 / mu + last / (s + last) / (c * mu - lam)


def one(cmd):
    words = cmd.split()
    if not shutil.which(words[0]):
        return None
    with tempfile.NamedTemporaryFile() as f:
        # time(1) between: the peak memory of a direct child would include this script's
        timer = ["/usr/bin/time", "-f", "%M", "-o", f.name] if os.path.exists("/usr/bin/time") else []
        r = subprocess.run([*timer, *words], capture_output=True, text=True)
        try:
            d = None if r.returncode else row_of(r.stdout, words)
        except (ValueError, KeyError) as e:
            d, r.stderr = None, f"unexpected output: {e!r}"
        if d is None:
            print("failed:", cmd, r.stderr[-300:], file=sys.stderr)
            return None
        peak = re.findall(r"\d+", open(f.name).read())
        d["rss_mb"] = int(peak[-1]) / 1024 if peak else float("nan")
        return d


def row_of(text, words):
    """The result in what a program printed: Busyhour's whole report, or the last JSON line of the others."""
    if words[0] == BUSYHOUR:
        return busyhour_row(json.loads(text))
    lines = [x for x in text.splitlines() if x.startswith("{")]
    if not lines:
        return None
    d = json.loads(lines[-1])
    return play_row(d) if "wall_s" in d else d


def growth(runs, small, large):
    """What the larger case costs a request, as a multiple of the smaller."""
    pairs = [b["cpu"] / b["done"] / (a["cpu"] / a["done"]) for a, b in zip(runs[small], runs[large])]
    print(f"- {large} / {small}: {st.median(pairs):.2f}x ({min(pairs):.2f}-{max(pairs):.2f})")


def main():
    group, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    cmds, runs = dict(GROUPS[group]), {}
    for r in range(rounds):
        for name, cmd in list(cmds.items()):
            d = one(cmd.format(seed=r + 1))
            if d:
                runs.setdefault(name, []).append(d)
            else:
                # what fails once is left out, so that the rounds of all the others stay pairs
                cmds.pop(name), runs.pop(name, None)
        print(f"round {r + 1}/{rounds}", file=sys.stderr, flush=True)
    os.makedirs(f"{HERE}/out", exist_ok=True)
    json.dump(runs, open(f"{HERE}/out/{group}.json", "w"))
    med = lambda xs: st.median(list(xs))
    if group in ("fel", "draw"):
        print("| case | ns, median | min |\n|---|---|---|")
        for k, v in runs.items():
            print(f"| {k} | {med(x['ns'] for x in v):.1f} | {min(x['ns'] for x in v):.1f} |")
        return
    cost = lambda x: x["cpu"] / x["done"] * 1e6 if "done" in x else x["cpu"] / x["n"] * 1e6
    # the CPU clock of a JavaScript engine counts its compiler threads too: take its wall time
    for k, v in runs.items():
        for x in v:
            if x["impl"].startswith(("wasm", "js")):
                x["cpu"] = x["wall"]
    ref = "limit-h4-libm"
    rat = lambda a, b: med(cost(x) / cost(y) for x, y in zip(runs[a], runs[b])) if b in runs else float("nan")
    print("| case | CPU s per 1M requests: median (min-max) | requests/s | own events/s | vs limit: median of pairs (of the fastest rounds) | vs SimPy | peak MB | mean ms | p50 | p95 | p99 |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for k, v in runs.items():
        c = [cost(x) for x in v]
        m = med(c)
        ev = med(x["events"] / x["cpu"] for x in v)
        vs1 = f"{rat(k, ref):.2f}x ({min(c) / min(map(cost, runs[ref])):.2f}x)" if ref in runs else "-"
        vs2 = f"1/{1 / rat(k, 'simpy'):.0f}" if "simpy" in runs and rat(k, "simpy") < 1 else (f"{rat(k, 'simpy'):.1f}x" if "simpy" in runs else "-")
        lat = " | ".join(f"{med(x[q] for x in v) * 1e3:.2f}" for q in ("mean", "p50", "p95", "p99"))
        print(f"| {k} | {m:.4g} ({min(c):.4g}-{max(c):.4g}) | {1e6 / m:,.0f} | {ev:,.0f} | {vs1} | {vs2} | {med(x['rss_mb'] for x in v):.1f} | {lat} |")
    if group == "w1":
        print(f"\nErlang C mean response: {erlang_mean() * 1e3:.3f} ms; mean over the rounds relative to it:")
        print(", ".join(f"{k} {(st.mean(x['mean'] for x in v) / erlang_mean() - 1) * 100:+.2f} %" for k, v in runs.items() if "floor" not in k))
    elif group in ("rules", "crowd"):
        names = list(runs)
        for small, large in zip(names[::2], names[1::2]):
            growth(runs, small, large)
    elif group.startswith("w2"):
        base = st.mean(x["mean"] for x in runs[ref])
        print("\nmean response relative to the limit code, throughput, queue length, utilisation of the first and last instance:")
        for k, v in runs.items():
            x = v[0]
            print(f"- {k}: {(st.mean(y['mean'] for y in v) / base - 1) * 100:+.2f} %, thr {x.get('thr', 0):.1f}, qlen {st.mean(y.get('qlen', 0) for y in v):.5f}, "
                  f"util {(x.get('util') or [0])[0]:.3f}..{(x.get('util') or [0])[-1]:.3f}")


main()
