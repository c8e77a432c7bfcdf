#!/bin/sh
# Walks through the API with nothing but a POSIX shell, openssl, curl and jq: mint, list, connect, act, log, error.
# Prints TAP and ends non-zero when a step failed.
# Start: membrane-mock exec -- sh tests/clients/shell/walk.sh

set -u

for tool in openssl curl jq; do
  command -v "$tool" >/dev/null || { echo "Bail out! $tool is not installed"; exit 2; }
done
: "${MEMBRANE_API_URL:?is not set: start this with membrane-mock exec}" "${MEMBRANE_MOCK_CONTROL_URL:?is not set}"
: "${MEMBRANE_WORKSPACE_KEY:?is not set}" "${MEMBRANE_WORKSPACE_SECRET:?is not set}"
: "${MEMBRANE_TENANT_KEY:?is not set}"

NO_PROXY='*'
no_proxy='*'
export NO_PROXY no_proxy

newline='
'
API=$MEMBRANE_API_URL
passed=0
failed=0
status=
body=

# --- helpers -----------------------------------------------------------------------------------------------------

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# mint CLAIMS SECRET: an HS256 token
mint() {
  unsigned=$(printf '%s' '{"alg":"HS256","typ":"JWT"}' | base64url).$(printf '%s' "$1" | base64url)
  printf '%s.%s' "$unsigned" "$(printf '%s' "$unsigned" | openssl dgst -sha256 -hmac "$2" -binary | base64url)"
}

# claims KEY=VALUE...: one JSON object of strings, and `exp` in an hour
claims() {
  jq -nc --args '[$ARGS.positional[] | capture("(?<key>[^=]+)=(?<value>.*)")]
    | from_entries + {exp: (now + 3600 | floor)}' "$@"
}

# request CURL-ARGUMENTS...: sets `status` and `body`
request() {
  answer=$(curl -sS -w '\n%{http_code}' "$@")
  status=${answer##*"$newline"}
  body=${answer%"$newline"*}
}

# expect STATUS JQ-CONDITION [JQ-ARGUMENTS...] about the last answer
expect() {
  wanted=$1
  shift
  [ "$status" = "$wanted" ] && printf '%s' "$body" | jq -e "$@" >/dev/null
}

# step SENTENCE: reports the result of the command before it
step() {
  if [ $? -eq 0 ]; then
    passed=$((passed + 1))
    echo "ok $((passed + failed)) - $1"
  else
    failed=$((failed + 1))
    echo "not ok $((passed + failed)) - $1"
    printf '%s\n' "answer $status: $body" | cut -c1-600 | sed 's/^/# /'
  fi
}

field() { printf '%s' "$body" | jq -r "$1"; }

echo 'TAP version 13'

# --- mint --------------------------------------------------------------------------------------------------------

CLAIMS=$(claims workspaceKey="$MEMBRANE_WORKSPACE_KEY" tenantKey="$MEMBRANE_TENANT_KEY")
TOKEN=$(mint "$CLAIMS" "$MEMBRANE_WORKSPACE_SECRET")
request -s "$API/self" -H "Authorization: Bearer $TOKEN"
expect 200 --arg tenant "$MEMBRANE_TENANT_KEY" --arg workspace "$MEMBRANE_WORKSPACE_KEY" \
  '.internalId == $tenant and .workspaceKey == $workspace'
step 'a token minted with openssl is accepted and names the tenant'

# --- list --------------------------------------------------------------------------------------------------------

request -sG "$API/integrations" -H "Authorization: Bearer $TOKEN"
expect 200 '[.items[].key] | contains(["github", "hubspot", "gmail", "slack", "linear"])'
step 'the integrations of the workspace are listed'

request -sG "$API/integrations" -H "Authorization: Bearer $TOKEN" \
  --data-urlencode 'search=google sheets'
expect 200 '[.items[].key] | index("google-sheets") != null and index("github") == null'
step 'a search with a space in it finds the integration of that name only'

request -sG "$API/integrations" -H "Authorization: Bearer $TOKEN" \
  --data-urlencode 'connectors=1' --data-urlencode 'externalApps=1'
expect 200 '.items | length > 0 and all(.key != null and .name != null)'
step 'the list with catalog candidates gives each a key and a name'

request -sG "$API/connections" -H "Authorization: Bearer $TOKEN"
expect 200 '[.items[] | select(.state == "READY") | .key] | contains(["github-dev", "hubspot-prod"])'
step 'the ready connections of the tenant are listed'

request -sG "$API/connections" -H "Authorization: Bearer $TOKEN" \
  --data-urlencode 'integrationKey=github'
expect 200 '[.items[].key] == ["github-dev"]'
step 'the list of connections can be narrowed to one integration'

request -sG "$API/actions" -H "Authorization: Bearer $TOKEN" --data-urlencode 'integrationKey=github'
expect 200 'any(.items[]; .key == "create-issue" and .integrationKey == "github" and .layer == "integration")'
step 'the actions of an integration are listed with their layer'

# --- connect -----------------------------------------------------------------------------------------------------

request -X POST "$API/connect" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \
  -d '{"connectorKey":"linear","connectionKey":"linear-team"}'
expect 200 '.key == "linear-team" and .state == "CLIENT_ACTION_REQUIRED" and .clientAction.type == "connect"
  and (.clientAction.uiUrl | startswith("http"))'
step 'connecting asks the user to act and says where'
connection=$(field .id)

request -s "$API/connections/linear-team" -H "Authorization: Bearer $TOKEN"
expect 200 --arg id "$connection" '.id == $id and .state == "CLIENT_ACTION_REQUIRED"'
step 'the new connection is found under its key and still waits'

request -s -X DELETE "$API/connections/$connection" -H "Authorization: Bearer $TOKEN"
[ "$status" = 200 ]
step 'the waiting connection can be archived'

request -sG "$API/connections" -H "Authorization: Bearer $TOKEN"
expect 200 '[.items[].key] | index("linear-team") == null'
step 'an archived connection has left the list'

# --- act ---------------------------------------------------------------------------------------------------------

# reusable action by key
request -X POST "$API/act" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \
  -d '{"key":"create-issue","integrationKey":"github","input":{"title":"Hello"}}'
expect 200 'has("output") and (.actionRunId | length > 0)'
step 'an action runs by its key'
reusable_run=$(field .actionRunId)

# inline HTTP through a connection
request -X POST "$API/act" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \
  -d '{"api":{"method":"GET","path":"/user/repos"},"connectionKey":"github-dev"}'
expect 200 '(.output | type == "array" and length > 0) and (.actionRunId | length > 0)'
step 'an inline request answers with what the external app said'
inline_run=$(field .actionRunId)

# inline JS
request -X POST "$API/act" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \
  -d '{"code":"module.exports = ({ input }) => ({ echoed: input })","input":{"hi":1},"connectionKey":"github-dev"}'
expect 200 '.output == {echoed: {hi: 1}}'
step 'inline JavaScript runs and its return value is the output'

# --- log ---------------------------------------------------------------------------------------------------------

request -sG "$API/action-run-logs/$reusable_run" -H "Authorization: Bearer $TOKEN"
expect 200 --arg id "$reusable_run" \
  '.id == $id and .status == "success" and .input == {title: "Hello"} and .integration.key == "github"'
step 'the run log keeps the status and the input of a run'

request -sG "$API/action-run-logs/$inline_run/details" -H "Authorization: Bearer $TOKEN"
expect 200 --arg id "$inline_run" \
  '.id == $id and .details.request.method == "GET" and .details.response.status == 200'
step 'the details of a run hold the raw exchange'

# --- error -------------------------------------------------------------------------------------------------------

request -X POST "$API/act" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \
  -d '{"key":"no-such-action","connectionKey":"github-dev"}'
expect 404 '.key == "not_found" and (.message | test("^no matching action"; "i")) and (.actionRunId | length > 0)'
step 'an unknown action is explained and still has a run log'
failed_run=$(field .actionRunId)

request -sG "$API/action-run-logs/$failed_run" -H "Authorization: Bearer $TOKEN"
expect 200 '.status == "error" and .error != null'
step 'the log of the failed run says error'

request -X POST "$API/actions" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \
  -d '{"key":"list-users","type":"api-request-to-external-app","integrationKey":"github",
       "config":{"request":{"method":"GET","path":"/users"}}}'
expect 403 '.key == "access_denied"'
step 'a tenant may not create an action'

FORGED=$(mint "$CLAIMS" "not-$MEMBRANE_WORKSPACE_SECRET")
request -sG "$API/connections" -H "Authorization: Bearer $FORGED"
expect 401 '.key == "not_authenticated" and (.message | length > 0)'
step 'a token signed with another secret is refused'

# The rest breaks a connection, so it does so in a workspace of its own.
control() {
  if [ -n "${MEMBRANE_MOCK_CONTROL_TOKEN:-}" ]; then
    set -- -H "Authorization: Bearer $MEMBRANE_MOCK_CONTROL_TOKEN" "$@"
  fi
  request -H "Content-Type: application/json" "$@"
}
control -X POST "$MEMBRANE_MOCK_CONTROL_URL/workspaces" -d '{}'
fork=$(field .key)
FORK_API=$(field .apiUri)
FORK_TOKEN=$(field .tenantToken)
control -X POST "$MEMBRANE_MOCK_CONTROL_URL/workspaces/$fork/connections/github-dev/poke" \
  -d '{"event":"loseCredentials"}'

request -X POST "$FORK_API/act" -H "Authorization: Bearer $FORK_TOKEN" -H "Content-Type: application/json" \
  -d '{"api":{"method":"GET","path":"/user/repos"},"connectionKey":"github-dev"}'
expect 400 '.code == "CONNECTION_DISCONNECTED" and .type == "connection" and (.actionRunId | length > 0)'
step 'acting on a disconnected connection says so and has a run log'

request -X POST "$API/act" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \
  -d '{"api":{"method":"GET","path":"/user/repos"},"connectionKey":"github-dev"}'
expect 200 '.output | length > 0'
step 'the connection of the workspace it was forked from still works'

control -X DELETE "$MEMBRANE_MOCK_CONTROL_URL/workspaces/$fork"

# -----------------------------------------------------------------------------------------------------------------

echo "1..$((passed + failed))"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
