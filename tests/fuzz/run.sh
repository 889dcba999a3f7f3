#!/bin/sh
# run.sh FUZZER SECONDS [SEED...]: runs a fuzzer on copies of the seeds. What breaks it is left in the current directory
# and named on the terminal.
set -eu
fuzzer=$1 seconds=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for seed; do
    # Large files make each run slow, and formats begin at their beginning.
    [ ! -r "$seed" ] || head -c 65536 "$seed" >"$work/$(basename "$seed")"
done
"$fuzzer" -max_total_time="$seconds" -timeout=5 -max_len=65536 -rss_limit_mb=1024 -print_final_stats=1 "$work"
