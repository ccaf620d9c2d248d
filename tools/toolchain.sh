#!/usr/bin/env bash
# Installs the code generators of the languages asked for (default: all) below .tools/, at the versions of tools/env.sh.
# usage: tools/toolchain.sh [--check] [python|go|typescript|java|rust ...]
# --check installs nothing and fails, naming what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/env.sh

check=
if [ "${1:-}" = --check ]; then check=1; shift; fi

# stamped NAME VERSION FILE: is this very version there? Not every generator can tell its own version, so a
# stamp is written after each install.
stamped() { [ -x "$3" ] && [ "$(cat "$TOOLS/stamps/$1" 2>/dev/null)" = "$2" ]; }

# tool NAME VERSION FILE COMMAND...: runs COMMAND unless NAME is there at VERSION.
tool() {
  local name=$1 version=$2 file=$3; shift 3
  if stamped "$name" "$version" "$file"; then return; fi
  if [ -n "$check" ]; then echo "missing: $name $version (tools/toolchain.sh installs it)" >&2; return 1; fi
  echo "installing $name $version" >&2
  mkdir -p "$TOOLS/bin" "$TOOLS/stamps"
  "$@" || { echo "installing $name $version failed" >&2; return 1; }
  echo "$version" > "$TOOLS/stamps/$name"
}

need() { command -v "$1" >/dev/null || { echo "missing: $1, needed for $2" >&2; return 1; }; }

go_install() { GOBIN=$TOOLS/bin GOFLAGS=-trimpath go install "$1"; }
npm_install() { npm install --prefix "$TOOLS/npm" --no-save --no-package-lock --silent "$1"; }
cargo_install() { cargo install --quiet --locked --root "$TOOLS" "$1"; }
maven_install() { # ARTIFACT VERSION FILE: a native executable published as a Maven artifact
  local dir failed=; dir=$(mktemp -d)
  # From an empty folder: a pom.xml nearby would have its say.
  (cd "$dir" && mvn -B -q dependency:copy "-Dartifact=$1:$2:exe:linux-x86_64" "-DoutputDirectory=$dir") &&
    install -m 755 "$dir"/*.exe "$3" || failed=1
  rm -rf "$dir"
  [ -z "$failed" ]
}

for_python() {
  local name
  for name in buf python-grpc-tools-protoc protoc-gen-mypy protoc-gen-mypy_grpc; do
    need "$name" "python (pip install -e '.[dev]')" || return 1
  done
}
for_go() {
  need go go || return 1
  tool protoc-gen-go $PROTOC_GEN_GO "$TOOLS/bin/protoc-gen-go" \
    go_install google.golang.org/protobuf/cmd/protoc-gen-go@$PROTOC_GEN_GO || return 1
  tool protoc-gen-go-grpc $PROTOC_GEN_GO_GRPC "$TOOLS/bin/protoc-gen-go-grpc" \
    go_install google.golang.org/grpc/cmd/protoc-gen-go-grpc@$PROTOC_GEN_GO_GRPC
}
for_typescript() {
  need npm typescript || return 1
  tool protoc-gen-es $PROTOC_GEN_ES "$TOOLS/npm/node_modules/.bin/protoc-gen-es" \
    npm_install @bufbuild/protoc-gen-es@$PROTOC_GEN_ES
}
for_java() {
  need java java || return 1
  need mvn java || return 1
  tool protoc $PROTOC "$TOOLS/bin/protoc" \
    maven_install com.google.protobuf:protoc $PROTOC "$TOOLS/bin/protoc" || return 1
  tool protoc-gen-grpc-java $PROTOC_GEN_GRPC_JAVA "$TOOLS/bin/protoc-gen-grpc-java" \
    maven_install io.grpc:protoc-gen-grpc-java $PROTOC_GEN_GRPC_JAVA "$TOOLS/bin/protoc-gen-grpc-java"
}
for_rust() {
  need cargo rust || return 1
  tool protoc-gen-prost $PROTOC_GEN_PROST "$TOOLS/bin/protoc-gen-prost" \
    cargo_install protoc-gen-prost@$PROTOC_GEN_PROST || return 1
  tool protoc-gen-tonic $PROTOC_GEN_TONIC "$TOOLS/bin/protoc-gen-tonic" \
    cargo_install protoc-gen-tonic@$PROTOC_GEN_TONIC
}

# buf itself comes with Python's development requirements, whatever the languages.
need buf "every language (pip install -e '.[dev]')"
failed=
for lang in ${*:-$ALL_LANGS}; do
  case " $ALL_LANGS " in *" $lang "*) ;; *) echo "no such language: $lang (of: $ALL_LANGS)" >&2; exit 2 ;; esac
  if for_"$lang"; then
    [ -n "$check" ] || echo "$lang: ready" >&2
  else
    failed="$failed $lang"
  fi
done
[ -z "$failed" ] || { echo "no toolchain for:$failed" >&2; exit 1; }
