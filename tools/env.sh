# Sourced by the scripts and make targets around the contract: where the generators are, and which versions.
# A generator and the runtime its output needs move together: when a version changes here, change the
# manifest named beside it too.

TOOLS=${TRUNKLINE_TOOLS:-$PWD/.tools}                       # git-ignored; may be a shared cache
case ${VENV:=.venv} in /*) ;; *) VENV=$PWD/$VENV ;; esac
PATH=$TOOLS/bin:$TOOLS/npm/node_modules/.bin:$VENV/bin:$PATH
export TOOLS PATH

ALL_LANGS="python go typescript java rust"

# Python's generators are development requirements: pyproject.toml pins them.
PROTOC_GEN_GO=v1.36.12          # gen/go/go.mod: google.golang.org/protobuf
PROTOC_GEN_GO_GRPC=v1.6.2       # gen/go/go.mod: google.golang.org/grpc, at least v1.64
PROTOC_GEN_ES=2.17.0            # gen/typescript/package.json: @bufbuild/protobuf
PROTOC=4.35.1                   # gen/java/pom.xml: protobuf-java; the protoc inside grpcio-tools is the same 35.1
PROTOC_GEN_GRPC_JAVA=1.83.0     # gen/java/pom.xml: grpc
PROTOC_GEN_PROST=0.5.0          # gen/rust/Cargo.toml: prost 0.14
PROTOC_GEN_TONIC=0.5.0          # gen/rust/Cargo.toml: tonic 0.14
