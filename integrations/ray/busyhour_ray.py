"""Plays a Busyhour sweep as Ray tasks, one per shard, and merges what they wrote.

    pip install ray
    python busyhour_ray.py sweep.yaml --output out --shards 8
    python busyhour_ray.py sweep.yaml --output out --shards 64 --address auto

Each task calls the `busyhour` binary, which must be on the path of every node (or see --busyhour),
and writes to --output, which all nodes must see. A task whose process or node dies is tried again
and goes on where it was; what comes out is the same to the byte as on one machine.
"""

import argparse
import os
import subprocess
import sys

import ray

RETRIES = 5


@ray.remote(num_cpus=1, max_retries=RETRIES, retry_exceptions=[OSError])
def shard(busyhour, sweep, output, index, of):
    """Plays one shard on one core; raises where the sweep itself is wrong."""
    words = [busyhour, "sweep", sweep, "--output", output, "--shard", f"{index}/{of}"]
    done = subprocess.run([*words, "--threads", "1", "--quiet"], capture_output=True, text=True)
    if done.returncode < 0:
        raise OSError(f"shard {index}/{of} was killed by signal {-done.returncode}")
    if done.returncode != 0:
        raise RuntimeError(f"shard {index}/{of}: {done.stderr.strip()}")
    return index


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sweep")
    parser.add_argument("--output", required=True, help="a folder that all nodes see")
    parser.add_argument("--shards", type=int, required=True, help="tasks; a few per core")
    parser.add_argument("--busyhour", default="busyhour", help="the binary on every node")
    parser.add_argument("--address", help="a running Ray cluster; default: this machine")
    args = parser.parse_args()
    ray.init(address=args.address, include_dashboard=False, log_to_driver=False)
    sweep, output = os.path.abspath(args.sweep), os.path.abspath(args.output)
    waiting = [
        shard.remote(args.busyhour, sweep, output, index, args.shards)
        for index in range(args.shards)
    ]
    failed = 0
    while waiting:
        [done], waiting = ray.wait(waiting)
        try:
            index = ray.get(done)
            print(f"shard {index}/{args.shards} is complete, {len(waiting)} left", file=sys.stderr)
        except Exception as error:  # one broken shard must not hide the others
            failed += 1
            print(error, file=sys.stderr)
    if failed:
        sys.exit(f"{failed} shards failed; the same command goes on from what is there")
    sys.exit(subprocess.run([args.busyhour, "sweep", "merge", output]).returncode)


if __name__ == "__main__":
    main()
