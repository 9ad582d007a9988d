#!/usr/bin/env python3
"""tables.py - compact Markdown tables of ratios from out/*.json (after run.py)."""
import json
import os
import statistics as st

HERE = os.path.dirname(os.path.abspath(__file__))


def load(g):
    p = f"{HERE}/out/{g}.json"
    return json.load(open(p)) if os.path.exists(p) else {}


def cost(x):
    t = x["wall"] if x["impl"].startswith(("wasm", "js")) else x["cpu"]
    return t / x["done"] * 1e6


def ratio(runs, a, b):
    if a not in runs or b not in runs:
        return None
    return st.median(cost(x) / cost(y) for x, y in zip(runs[a], runs[b]))


def f(x):
    return "-" if x is None else f"{x:.0f}" if x >= 99.5 else f"{x:.1f}" if x >= 9.95 else f"{x:.2f}"


def peers(g, title):
    r = load(g)
    if not r:
        return
    print(f"\n### {title}\n")
    print("| program | s per 1M requests, median (min) | requests/s | own events/s | slower than the limit | faster than SimPy | peak MB |")
    print("|---|---|---|---|---|---|---|")
    for k, v in sorted(r.items(), key=lambda kv: st.median(map(cost, kv[1]))):
        c = [cost(x) for x in v]
        m = st.median(c)
        ev = st.median(x["events"] / x["done"] for x in v) * 1e6 / m
        s = ratio(r, "simpy", k)
        print(f"| {k} | {m:.4g} ({min(c):.4g}) | {1e6 / m:,.0f} | {ev:,.0f} | {f(ratio(r, k, 'limit-h4-libm'))} | {f(s)} | {st.median(x['rss_mb'] for x in v):.0f} |")


def grid(g, title, rows, cols, key, refs):
    r = load(g)
    if not r:
        return
    print(f"\n### {title}\n")
    print("| program | " + " | ".join(map(str, cols)) + " |")
    print("|---|" + "---|" * len(cols))
    for row in rows:
        cells = []
        for c in cols:
            v = r.get(key(row, c))
            cells.append("-" if not v else f"{st.median(map(cost, v)):.3g} s ({f(ratio(r, key(row, c), key(refs, c)))}x), {st.median(x['rss_mb'] for x in v):.0f} MB")
        print(f"| {row} | " + " | ".join(cells) + " |")


peers("w1", "W1 (M/M/10)")
peers("w2rr", "W2, round robin")
peers("w2lc", "W2, least connections")
peers("w2load3", "W2 at three times the load (utilisation 0.85), least connections")
grid("scale-n", "W1 by number of requests: s per 1M requests (times the limit), peak memory", ["busyhour", "limit-h4-libm", "cpp-hand", "simcore", "nexosim", "simpy"],
     ["1e+05", "1e+06", "1e+07"], lambda p, c: f"w1 {p} {c}", "limit-h4-libm")
grid("scale-n", "W2 by number of requests", ["busyhour", "limit-h4-libm", "limit-interp-libm", "cpp-hand", "simcore", "nexosim", "simpy"],
     ["1e+05", "1e+06", "1e+07"], lambda p, c: f"w2 {p} {c}", "limit-h4-libm")
for lb in ("rr", "lc"):
    grid("scale-m", f"W2 {lb} by number of instances (arrival rate and DB pool grow with them)",
         ["busyhour", "limit-h4-libm", "limit-interp-libm", "limit-h4-cancel", "limit-radix-lazy", "limit-h4-lazy", "cpp-hand", "simcore", "nexosim", "simpy"],
         [8, 80, 1000], lambda p, c: f"{lb} {c} {p}", "limit-h4-libm")
r = load("variants")
if r:
    for wl in ("w1", "w2"):
        print(f"\n### {wl.upper()} variants of the limit code, relative to `h4` (u64 ns, ziggurat, std ln/exp" + (", timer lane)" if wl == "w2" else ")") + "\n")
        print("| variant | s per 1M, median (min) | relative, median of pairs | relative, of minima |\n|---|---|---|---|")
        base = min(map(cost, r[f"{wl} h4"]))
        for k, v in r.items():
            if k.startswith(wl):
                c = list(map(cost, v))
                print(f"| {k[3:]} | {st.median(c):.4f} ({min(c):.4f}) | {f(ratio(r, k, f'{wl} h4'))} | {f(min(c) / base)} |")
r = load("wasm")
if r:
    print("\n### WASM against native (rustc-web both), same variant; wall time in node\n")
    print("| workload, variant | native s per 1M, median (min) | WASM warm / native: median, of minima | first call / native | without SIMD / with |\n|---|---|---|---|---|")
    for k in r:
        if k.endswith("native (rustc-web)"):
            b = k[: -len(" native (rustc-web)")]
            c = list(map(cost, r[k]))
            w = list(map(cost, r[f"{b} wasm warm"]))
            print(f"| {b} | {st.median(c):.4f} ({min(c):.4f}) | {f(ratio(r, b + ' wasm warm', k))}, {f(min(w) / min(c))} | {f(ratio(r, b + ' wasm first call', k))} | {f(ratio(r, b + ' wasm warm, no simd', b + ' wasm warm'))} |")
r = load("fel")
if r:
    ns = ("20", "1e2", "1e4", "1e6")
    print("\n### Event lists, hold model (pop + push, Exp increments): ns, median (min), by pending events\n")
    print("| event list | " + " | ".join(ns) + " |\n|---|---|---|---|---|")
    for q in ("std", "h2", "h4", "h4td", "h8", "ih4", "cal", "pair", "radix"):
        print(f"| {q} | " + " | ".join(f"{st.median(x['ns'] for x in r[f'{q} {n}']):.0f} ({min(x['ns'] for x in r[f'{q} {n}']):.0f})" for n in ns) + " |")
r = load("draw")
if r:
    print("\n### One draw: ns\n\n| draw | median | min |\n|---|---|---|")
    for k, v in r.items():
        print(f"| {k} | {st.median(x['ns'] for x in v):.1f} | {min(x['ns'] for x in v):.1f} |")
