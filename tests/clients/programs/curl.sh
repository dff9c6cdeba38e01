# curl and wget: the same steps on the command line; the first argument says which.
set -eu
kind=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
head -c 5242880 /dev/zero | tr '\0' x > "$work/upload"
type='content-type: application/json'

case $kind in
curl)
    ask() { curl -sSL -X "$1" "$2"; }
    send() { curl -sS -X "$1" -H "$type" --data-binary "@$3" "$2"; }
    ;;
wget)
    ask() { wget -qO- --method="$1" "$2"; }
    send() { wget -qO- --method="$1" --header="$type" --body-file="$3" "$2"; }
    ;;
esac
same() { [ "$1" = "$2" ] || { echo "failed $kind $scheme: expected $1, got $2"; failed=yes; }; }

printf '{"name":"Lamp"}' > "$work/lamp"
for scheme in plain TLS; do
    case $scheme in
    plain) at=http://plain.client.test/$kind ;;
    TLS) at=https://secure.client.test/$kind ;;
    esac
    failed=no
    same '{"id":"10"}' "$(ask GET "$at/item")"
    same '{"name":"Lamp"}' "$(send POST "$at/items" "$work/lamp")"
    same '{"size":5242880}' "$(send PUT "$at/upload" "$work/upload")"
    same '' "$(ask DELETE "$at/item")"
    same '{"id":"10"}' "$(ask GET "$at/old")"
    for number in 0 1 2 3 4 5 6 7 8 9; do
        ask GET "$at/parallel/$number" > "$work/$number" &
    done
    wait
    for number in 0 1 2 3 4 5 6 7 8 9; do same "{\"number\":\"$number\"}" "$(cat "$work/$number")"; done
    if [ $failed = no ]; then echo "ok $kind $scheme"; fi
done
