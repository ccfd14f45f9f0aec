#!/bin/sh
# Signs in, lists the servers, creates and starts one, waits for its operation and prints the address to connect to.
#
#   GANTRY_URL=https://panel.example GANTRY_EMAIL=you@example.com GANTRY_PASSWORD=... \
#       create-server.sh NAME BLUEPRINT [NODE_ID]
#
# BLUEPRINT is plugin:blueprint, such as openarena:openarena. Without a node the first one is taken. Needs a POSIX shell,
# curl and sed; a program of your own has a JSON parser, and /api/openapi.json to make a client from.
set -eu

: "${GANTRY_URL:?the address of the panel}" "${GANTRY_EMAIL:?}" "${GANTRY_PASSWORD:?}"
name=${1:?a name for the server}
blueprint=${2:?a blueprint, such as openarena:openarena}
node=${3:-}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM

# call METHOD PATH [BODY]: prints the answer; an answer that is a problem ends the script with what it says. The session
# is a cookie. The body comes by standard input, so that a password is on no command line.
call() {
    status=$(printf '%s' "${3:-}" | curl --silent --show-error --max-time 60 \
        --cookie "$folder/cookies" --cookie-jar "$folder/cookies" --header 'content-type: application/json' \
        --request "$1" ${3:+--data-binary @-} --output "$folder/answer" --write-out '%{http_code}' "$GANTRY_URL$2")
    case $status in
    2*) cat "$folder/answer" ;;
    *)
        echo "$1 $2 answered $status: $(cat "$folder/answer")" >&2
        return 1
        ;;
    esac
}

# text VALUE: as a JSON string.
text() {
    printf '"%s"' "$(printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g')"
}

# first KEY: the first string or number of that key on standard input.
first() {
    sed 's/[,{]/\n&/g' | sed -n "s/^[,{]\"$1\":\"\{0,1\}\([^\"}]*\).*/\1/p" | sed 1q
}

call POST /api/auth/sign-in/email "{\"email\":$(text "$GANTRY_EMAIL"),\"password\":$(text "$GANTRY_PASSWORD")}" \
    >/dev/null

answer=$(call GET /api/servers)
echo "Servers so far:"
printf '%s\n' "$answer" | sed -E 's/\{"id":"[^"]*","name":"([^"\\]|\\.)*","description":/\n&/g' |
    sed -En 's/^\{"id":"([^"]*)","name":"(([^"\\]|\\.)*)".*/  \1  \2/p'

if [ -z "$node" ]; then
    answer=$(call GET /api/nodes)
    node=$(printf '%s' "$answer" | first id)
    [ -n "$node" ] || { echo "there is no node" >&2; exit 1; }
fi

answer=$(call POST /api/servers \
    "{\"name\":$(text "$name"),\"blueprintId\":$(text "$blueprint"),\"nodeId\":$(text "$node"),\"start\":true}")
server=$(printf '%s' "$answer" | sed 's/^{"server"://' | first id)
operation=$(printf '%s' "$answer" | sed 's/^.*"operation":{/{/' | first id)
echo "Created $server; operation $operation"

# An operation ends as succeeded, failed or cancelled. Programs that stay follow it live on /api/ws/live.
while :; do
    answer=$(call GET "/api/operations/$operation")
    state=$(printf '%s' "$answer" | first state)
    case $state in
    pending | running) sleep 1 ;;
    succeeded) break ;;
    *)
        echo "the operation is $state: $answer" >&2
        exit 1
        ;;
    esac
done

# Installed is not running yet: a port may be taken, or the game may end at once.
waited=0
while :; do
    answer=$(call GET "/api/servers/$server")
    observed=$(printf '%s' "$answer" | sed 's/^.*"observed":{/{/')
    state=$(printf '%s' "$observed" | first state)
    [ "$state" != running ] || break
    if [ "$state" = crashed ] || [ "$waited" -ge 300 ]; then
        echo "it does not run, it is $state: $(printf '%s' "$observed" | first reason)" >&2
        exit 1
    fi
    sleep 1
    waited=$((waited + 1))
done
endpoint=$(printf '%s' "$answer" | sed 's/^.*"endpoints":\[//')
port=$(printf '%s' "$endpoint" | first port)
if [ -n "$port" ]; then
    echo "Running at $(printf '%s' "$endpoint" | first address):$port"
else
    echo "Running; nobody connects to it from outside, for its blueprint has no port"
fi
