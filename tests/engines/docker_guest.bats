#!/usr/bin/env bats
# A Linux guest as Docker runs it: a published port, variables, a file of the host, exec. One boot shows all of it.
load docker

# The image with busybox and urunc's init, loaded as linux:v1.
load_linux() {
    busybox_bundle "$T/linux" initrd
    build -t linux:v1 -o "type=docker-archive,dest=$T/linux.tar" "$F/busybox-initrd"
    docker load --input "$T/linux.tar" >"$T/loaded" || fail 'not loaded'
}

fetches() {
    [[ $(curl -sf --max-time 5 "http://$1/") == "$2" ]]
}

@test "a Linux guest serves on a published port, has what docker gives it, runs commands and ends on docker stop" {
    need_program qemu-system-x86_64 curl
    need_kernel
    # The real monitor in the stand-in's place.
    printf '{"monitors":{"qemu":{"acceleration":"tcg"}}}\n' >"$T/urunc.json"
    load_linux
    printf 'from the host\n' >"$T/greeting"
    # shellcheck disable=SC2016 # the guest's shell expands
    run_detached one --publish 127.0.0.1:18080:80 --env WORD='two words' --volume "$T/greeting:/etc/greeting:ro" --hostname guest \
        --dns 10.1.2.3 linux:v1 sh -c 'echo "variable: $WORD"; echo "name: $(hostname)"; cat /etc/greeting /etc/resolv.conf
        mkdir -p /tmp/www; echo page >/tmp/www/index.html; trap "echo asked; exit 5" TERM
        httpd -f -p 80 -h /tmp/www & echo ready; while :; do wait; done'
    within "$PATIENCE" says one ready || fail "$(docker logs one 2>&1)"
    local line
    for line in 'variable: two words' 'name: guest' 'from the host' 'nameserver 10.1.2.3'; do
        says one "$line" || fail "no $line in: $(docker logs one 2>&1)"
    done
    within 60 fetches 127.0.0.1:18080 page
    fetches "$(of one NetworkSettings.IPAddress)" page
    expect_equal "$(docker exec one cat /etc/greeting)" 'from the host'
    local status=0
    docker exec --env A=b one sh -c 'test $A = b && exit 9' || status=$?
    expect_equal "$status" 9
    docker stop --time 60 one >"$T/stopped"
    expect_equal "$(docker wait one)" 5
    says one asked
}
