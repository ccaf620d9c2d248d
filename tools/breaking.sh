#!/usr/bin/env bash
# Fails where protos/ breaks the contract it follows:
#   - the commit named in protos/BASELINE, when that file exists (# starts a comment), else
#   - HEAD, when the working tree's protos differ from it, else
#   - the commit before the last one that changed them (so that CI, which runs on HEAD itself, compares something).
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/env.sh

protos=':(glob)protos/**/*.proto'
if [ -f protos/BASELINE ]; then
  base=$(sed 's/#.*//' protos/BASELINE | tr -d '[:space:]')
  git rev-parse --verify --quiet "$base^{commit}" >/dev/null ||
    { echo "buf-breaking: protos/BASELINE names '$base', which is no commit of this clone" >&2; exit 1; }
elif ! git rev-parse --verify --quiet HEAD >/dev/null; then
  base=
elif [ -n "$(git status --porcelain -- "$protos")" ]; then
  base=HEAD
else
  last=$(git rev-list -1 HEAD -- "$protos")
  base=$(git rev-parse --verify --quiet "$last^" || true)
fi
if [ -z "$base" ] || [ -z "$(git ls-tree -r --name-only "$base" -- protos | grep '\.proto$')" ]; then
  echo "buf-breaking: no earlier contract to compare with"
  exit 0
fi

# The old protos need the same third_party/ as today's, which git ignores: so build them beside a copy of it.
python tools/third_party.py
old=$(mktemp -d)
trap 'rm -rf "$old"' EXIT
git archive "$base" protos | tar -x -C "$old"
cp -r third_party buf.yaml "$old"
(cd "$old" && buf build protos --output old.binpb)
buf breaking protos --against "$old/old.binpb"
echo "buf-breaking: compatible with $(git rev-parse --short "$base")"
