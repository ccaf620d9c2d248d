#!/usr/bin/env bash
# Generates gen/ from protos/.
# usage: [LANGS="python go"] tools/gen.sh [--check]
# --check changes nothing: it fails with the diff where gen/ is not what the contract generates. Without LANGS it
# checks the languages whose generators are installed and names the others.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/env.sh

check=
if [ "${1:-}" = --check ]; then check=1; fi

# What is generated; everything else below gen/ is a manifest kept by hand.
generated() {
  case $1 in
    python) echo gen/python/trunkline ;;
    go) echo gen/go/trunkline ;;
    typescript) echo gen/typescript/src ;;
    java) echo gen/java/src ;;
    rust) echo gen/rust/src/generated ;;
  esac
}

langs=${LANGS:-$ALL_LANGS}
if [ -n "$check" ] && [ -z "${LANGS:-}" ]; then
  langs= left_out=
  for lang in $ALL_LANGS; do
    if tools/toolchain.sh --check "$lang" 2>/dev/null; then langs="$langs $lang"; else left_out="$left_out $lang"; fi
  done
  [ -z "$left_out" ] || echo "gen-check: left out, generators not installed:$left_out" >&2
  [ -n "$langs" ] || { echo "gen-check: nothing to check with" >&2; exit 1; }
else
  tools/toolchain.sh --check $langs
fi

python tools/third_party.py
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# buf has no switch for a subset of plugins: keep those that write below the folders of the asked languages.
awk -v langs="$langs" '
  function flush() { if (keep) printf "%s", block; block = ""; keep = 0 }
  BEGIN { n = split(langs, wanted, " ") }
  /^plugins:/ { inside = 1; print; next }
  !inside { print; next }
  /^  - / { flush() }
  { block = block $0 "\n" }
  /^    out: / { for (i = 1; i <= n; i++) if (index($2 "/", "gen/" wanted[i] "/") == 1) keep = 1 }
  END { flush() }
' buf.gen.yaml > "$out/buf.gen.yaml"
buf generate protos --template "$out/buf.gen.yaml" --output "$out"

finish_python() { # the packages themselves, which protoc does not write
  echo '"""Trunkline."""' > "$1/__init__.py"
  echo '"""The contract, generated from protos/trunkline/v1: import its modules one by one."""' > "$1/v1/__init__.py"
  touch "$1/py.typed"
  # A file without services still gets stubs, empty ones.
  local file
  for file in "$1"/v1/*_pb2_grpc.py; do
    grep -q '^class ' "$file" || rm "$file" "${file}i"
  done
}
finish_rust() { rm -f "$1/google.rpc.rs"; } # empty: tonic-types has it
finish_typescript() {
  # What google.rpc.Status carries: no message of the contract imports it, and no npm package ships it.
  buf generate third_party --path third_party/google/rpc/error_details.proto --output "$1" --template '
    {"version": "v2", "plugins": [{"local": "protoc-gen-es", "out": ".", "opt": ["target=js+dts", "import_extension=js"]}]}'
  # One module to import everything of the contract from.
  local dir=$1/trunkline/v1 file
  for file in $(cd "$dir" && ls *_pb.js | LC_ALL=C sort); do
    echo "export * from \"./$file\";"
  done | tee "$dir/index.d.ts" > "$dir/index.js"
}

status=0
for lang in $langs; do
  dir=$(generated "$lang")
  if declare -F "finish_$lang" >/dev/null; then "finish_$lang" "$out/$dir"; fi
  if [ -n "$check" ]; then
    if diff -ruN -x __pycache__ "$dir" "$out/$dir" > "$out/diff"; then
      echo "$lang: up to date"
    else
      status=1
      # Enough to see what it is about: descriptors are long, and one field changes many files.
      cut -c -160 "$out/diff" | sed -n '1,60p'
      echo "$lang: stale ($(grep -c '^diff ' "$out/diff") files, $(wc -l < "$out/diff") lines of diff): run make gen"
    fi
  else
    rm -rf "$dir"
    mkdir -p "$(dirname "$dir")"
    cp -r "$out/$dir" "$dir"
    echo "$lang: $(find "$dir" -type f | wc -l) files in $dir"
  fi
done
exit $status
