#!/bin/bash
# Plays a sweep of 200 points on real Ray and real Slurm on this machine, kills a worker in the
# middle, and compares the merged tables with those of one process, byte by byte.
#
#   integrations/check.sh BUSYHOUR [ray] [slurm]      default: both
#
# Ray: `pip install ray`, and PYTHON names the interpreter that has it (default: python3).
# Slurm: Debian's slurm-wlm and munge; needs root, starts its own daemons in a folder of its own and
# ends them. No part of the test run: it takes minutes and needs what not every machine has.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
busyhour=$(realpath "$1")
shift
engines=${*:-ray slurm}
desk=$(mktemp -d)
pids=()
end() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$desk"
}
trap end EXIT

cat > "$desk/shop.yaml" <<'YAML'
busyhour: 1
duration: 2m
users: {people: {enter: app, arrivals: 150/s}}
nodes: {app: {component: worker-pool, workers: 2, steps: [cpu: {exponential: 10ms}]}}
objectives: [latency p(95) < 40ms]
YAML
cat > "$desk/sweep.yaml" <<'YAML'
sweep: 1
name: two-hundred
scenario: shop.yaml
replications: 2
vary:
  nodes.app.workers: {from: 1, to: 10, steps: 10}
  users.people.arrivals: {from: 50/s, to: 240/s, steps: 20}
YAML

finished() { cat "$desk/$1"/manifest-*.jsonl 2>/dev/null | grep -c '^{"point"' || true; }

# Kills the busyhour process of one shard in the middle of the sweep.
kill_one() {
  local folder=$1 victim=
  until [ "$(finished "$folder")" -ge 60 ] && [ -n "$victim" ]; do
    sleep 0.1
    victim=$(pgrep -f -- "sweep .*--output $desk/$folder .*--shard" | head -1 || true)
  done
  kill -9 "$victim"
  echo "$folder: killed one worker after $(finished "$folder") of 200 points"
}

same() {
  for table in points.csv points.jsonl report.html; do
    cmp "$desk/one/$table" "$desk/$1/$table"
  done
  echo "$1: tables of 200 points are identical to those of one process"
}

check_ray() {
  "${PYTHON:-python3}" "$here/ray/busyhour_ray.py" "$desk/sweep.yaml" --output "$desk/ray" \
    --shards 8 --busyhour "$busyhour" > "$desk/ray.txt" 2> "$desk/ray.log" &
  local driver=$!
  pids+=("$driver")
  kill_one ray
  wait "$driver" || { cat "$desk/ray.log"; exit 1; }
  same ray
}

start_slurm() {
  local host; host=$(hostname -s)
  mkdir -p "$desk/state" "$desk/spool" /run/munge
  chown munge /run/munge
  runuser -u munge -- munged --force
  pids+=("$(cat /run/munge/munged.pid)")
  cat > "$desk/slurm.conf" <<CONF
ClusterName=c
SlurmctldHost=$host
AuthType=auth/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
StateSaveLocation=$desk/state
SlurmdSpoolDir=$desk/spool
SlurmctldPidFile=$desk/ctld.pid
SlurmdPidFile=$desk/d.pid
SlurmctldLogFile=$desk/ctld.log
SlurmdLogFile=$desk/d.log
SlurmUser=root
ReturnToService=2
NodeName=$host CPUs=2 State=UNKNOWN
PartitionName=p Nodes=ALL Default=YES State=UP
CONF
  export SLURM_CONF=$desk/slurm.conf
  slurmctld -D > /dev/null 2>&1 & pids+=($!)
  slurmd -D > /dev/null 2>&1 & pids+=($!)
  for _ in $(seq 60); do sinfo -h -o %t 2>/dev/null | grep -q idle && return; sleep 0.5; done
  echo "Slurm does not come up"; cat "$desk"/*.log; exit 1
}

check_slurm() {
  start_slurm
  "$busyhour" sweep "$desk/sweep.yaml" --output "$desk/slurm" --emit slurm --shards 8 \
    > "$desk/job.sh"
  local job
  job=$(cd "$desk" && PATH="$(dirname "$busyhour"):$PATH" sbatch --parsable "$desk/job.sh")
  kill_one slurm
  while squeue -h -j "$job" 2>/dev/null | grep -q .; do sleep 0.5; done
  "$busyhour" sweep merge "$desk/slurm" > /dev/null
  same slurm
}

"$busyhour" sweep "$desk/sweep.yaml" --output "$desk/one" --quiet > /dev/null
for engine in $engines; do "check_$engine"; done
