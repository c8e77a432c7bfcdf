#!/bin/sh
# The test command: installs what is missing, then runs the Rust tests and every client suite against the dev binary.
#
# Needs Rust, Node 20 or newer and Python 3.11 or newer; on Debian the rest is installed by apt-get (as root or by
# sudo). Each suite gets one line on stdout, its whole output a file in target/test-logs/. The last line is
# `N passed, N failed`; the exit status is non-zero when a suite failed.
#
# Start: sh tests/run.sh

set -eu

cd "$(dirname "$0")/.."
exec </dev/null
root=$(pwd)
target=${CARGO_TARGET_DIR:-target}
logs=$target/test-logs
python=$target/python
binary=$target/debug/membrane-mock
mkdir -p "$logs"

# Left over from a server that this may run under.
for name in $(env | sed -n 's/^\(MEMBRANE_MOCK_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done

passed=0
failed=0
lanes=
# An interrupt reaches the servers that suites run beside, but not the lanes, which would start the next suite.
# shellcheck disable=SC2086
trap 'kill $lanes 2>/dev/null; exit 130' INT TERM

# --- what has to be there ----------------------------------------------------------------------------------------

has() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

install_packages() {
  missing=
  has curl || missing="$missing curl"
  has jq || missing="$missing jq"
  has chromium || missing="$missing chromium"
  has openssl || missing="$missing openssl"
  has cc || missing="$missing gcc libc6-dev"
  has strip || missing="$missing binutils"
  has python3 || missing="$missing python3"
  # Debian ships python3 without what `python3 -m venv` needs.
  python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || missing="$missing python3-venv"
  [ -n "$missing" ] || return 0
  echo "installing:$missing"
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086
  as_root apt-get update -qq && as_root apt-get install -y -qq --no-install-recommends $missing
}

check_tools() {
  for tool in cargo node npm; do
    has "$tool" || { echo "tests/run.sh: $tool is not installed; this needs Rust, Node 20 and Python 3.11" >&2; exit 1; }
  done
  node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' ||
    { echo "tests/run.sh: Node 20 or newer is needed, this is $(node --version)" >&2; exit 1; }
}

check_python() {
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    { echo "tests/run.sh: Python 3.11 or newer is needed, this is $(python3 --version)" >&2; exit 1; }
}

# --- the suites --------------------------------------------------------------------------------------------------

# suite NAME: runs run_NAME, `_` for `-`; its output and how it went are kept for `tell`
suite() {
  log=$logs/$1.log
  echo "$1: running, see $log" >&2
  began=$(date +%s)
  if "run_$(echo "$1" | tr - _)" >"$log" 2>&1; then result=0; else result=$?; fi
  echo "$result $(($(date +%s) - began))" >"$logs/$1.result"
}

# lane NAME…: these one after the other, beside the other lanes
lane() {
  for each; do rm -f "$logs/$each.result"; done
  (for each; do suite "$each"; done) &
  lanes="$lanes $!"
}

# show_failure LOG: what of it tells why. After the last test a server reports, line by line, what failed in it, and that
# can be long: it comes last, and as little of it as still helps.
show_failure() {
  grep -A 40 -E '^ *not ok ' "$1" | head -n 200 || :
  grep -v '^membrane-mock: ' "$1" | tail -n 120
  grep '^membrane-mock: ' "$1" | tail -n 40 || :
}

# tell NAME…: when all lanes have ended, a line for each, and its output when it failed
tell() {
  # shellcheck disable=SC2086
  wait $lanes || :
  lanes=
  for each; do
    log=$logs/$each.log
    # A lane that was killed leaves none.
    read -r result took <"$logs/$each.result" || { result=lost took=?; }
    if [ "$result" = 0 ]; then
      passed=$((passed + 1))
      echo "ok      $each ($took s)"
    else
      failed=$((failed + 1))
      echo "FAILED  $each ($took s, status $result), from $log:"
      show_failure "$log" | sed 's/^/    /'
    fi
  done
}

# The binary that `cargo test` has built already: with features of its own, as `cargo build` has, it would be built anew.
build() { cargo test --locked --no-run --test api; }

# with_server COMMAND…: runs it beside a server of its own, its address and credentials in the environment
with_server() {
  if [ "$built" != yes ]; then echo "there is no binary to test, see $logs/build.log"; return 1; fi
  # Where a proxy is set, it is for downloads and not for loopback.
  NO_PROXY="127.0.0.1,localhost${NO_PROXY:+,$NO_PROXY}" no_proxy="127.0.0.1,localhost${no_proxy:+,$no_proxy}" \
    "$binary" exec -- "$@"
}

# npm writes this list last, once all is installed: one that is older than the lock is of another lock, or there is none.
install_npm() {
  [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] || (cd "$1" && npm ci --no-audit --no-fund)
}

install_python() {
  python3 -m venv "$python" &&
    "$python/bin/python" -m pip install --quiet --disable-pip-version-check \
      -r tests/clients/python/requirements.txt -r tests/clients/redirect/requirements.txt
}

run_rust() { cargo test --locked --no-fail-fast; }

run_sdk() { install_npm tests/clients/sdk && with_server npm --prefix "$root/tests/clients/sdk" test; }

run_sdk_legacy() { install_npm tests/clients/sdk-legacy && with_server npm --prefix "$root/tests/clients/sdk-legacy" test; }

run_workspace_cli() {
  install_npm tests/clients/workspace-cli && with_server npm --prefix "$root/tests/clients/workspace-cli" test
}

run_receivers() { install_npm tests/clients/receivers && with_server npm --prefix "$root/tests/clients/receivers" test; }

# with_program COMMAND…: runs it beside a server, and tells it which program to start itself
with_program() { MEMBRANE_MOCK_BINARY=$(cd "$target/debug" && pwd)/membrane-mock with_server "$@"; }

run_membrane() { with_program node --test tests/clients/membrane/*.test.mjs; }

run_mcp() { install_npm tests/clients/mcp && with_program npm --prefix "$root/tests/clients/mcp" test; }

# It starts servers of its own.
run_redirect() {
  if [ "$built" != yes ]; then echo "there is no binary to test, see $logs/build.log"; return 1; fi
  install_npm tests/clients/redirect && install_python && (
    PYTHON=$(cd "$python/bin" && pwd)/python
    MEMBRANE_MOCK_BINARY=$(cd "$target/debug" && pwd)/membrane-mock
    export PYTHON MEMBRANE_MOCK_BINARY
    npm --prefix "$root/tests/clients/redirect" test
  )
}

# They use the legacy client where they use one: its suite has it.
run_programs() { install_npm tests/clients/sdk-legacy && with_server node --test tests/clients/programs/*.test.mjs; }

run_fetch() { with_server node --test tests/clients/fetch/fetch.test.mjs; }

run_snippets() { with_server node --test tests/clients/snippets/*.test.mjs; }

run_tokens() { with_server node --test tests/clients/tokens/tokens.test.mjs; }

# It starts a server of its own, which ids and time repeat on.
run_recording() {
  if [ "$built" != yes ]; then echo "there is no binary to test, see $logs/build.log"; return 1; fi
  MEMBRANE_MOCK_BINARY=$binary node --test tests/clients/recording/recording.test.mjs
}

run_shell() { with_server sh tests/clients/shell/walk.sh; }

run_python() { install_python && with_server "$python/bin/python" -m unittest discover -s tests/clients/python; }

run_browser() { install_npm tests/clients/browser && with_server npm --prefix "$root/tests/clients/browser" test; }

run_recipes() {
  install_npm tests/clients/recipes && install_python && (
    PATH=$(cd "$python/bin" && pwd):$(cd "$target/debug" && pwd):$PATH
    export PATH
    with_program node tests/clients/recipes/run.mjs
  )
}

# The packages are installed where nothing of Rust is on the path, and their own programs run.
packed() {
  if [ "$built" != yes ]; then echo "there is no binary to test, see $logs/build.log"; return 1; fi
  MEMBRANE_MOCK_BINARY=$(cd "$target/debug" && pwd)/membrane-mock "$@"
}

run_npm_package() { packed npm --prefix "$root/tests/clients/npm" test; }

run_example_express() { packed node examples/express-react/run.mjs; }

run_python_package() {
  wheels=$target/python-package/dist
  python3 -m venv "$target/python-package" && rm -rf "$wheels" && (
    venv=$(cd "$target/python-package" && pwd)
    strip -o "$venv/membrane-mock" "$target/debug/membrane-mock" &&
      "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        -r packages/python/requirements-dev.txt -r examples/fastapi/requirements.txt &&
      "$venv/bin/python" packages/python/scripts/wheel.py "$venv/membrane-mock" "$venv/dist" &&
      "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps "$venv"/dist/*.whl &&
      cd packages/python &&
      "$venv/bin/python" -m mypy src scripts tests && "$venv/bin/ruff" check && "$venv/bin/ruff" format --check &&
      "$venv/bin/python" -m pytest -q -p no:cacheprovider -n 2 &&
      cd ../../examples/fastapi &&
      "$venv/bin/python" -m mypy --strict app.py tests && "$venv/bin/python" -m pytest -q -p no:cacheprovider
  )
}

check_tools
install_packages
check_python

# Alone: it builds the binary that the clients run, and what it measures of itself wants the cores.
suite rust
tell rust

built=no
if build >"$logs/build.log" 2>&1; then built=yes; else tail -n 40 "$logs/build.log"; fi

# Both lanes build the npm package, and would install this at the same time.
install_npm packages/npm >"$logs/install.log" 2>&1 || tail -n 40 "$logs/install.log"

# Two lanes: the browser has work for all cores, the others wait for most of their time.
lane browser npm-package python-package example-express
lane sdk sdk-legacy workspace-cli programs receivers membrane mcp fetch snippets tokens shell python redirect recipes recording
tell sdk sdk-legacy workspace-cli programs receivers membrane mcp fetch snippets tokens shell python redirect recipes browser recording npm-package python-package example-express

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
