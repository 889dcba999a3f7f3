#!/bin/bash
# Fetches what the Linux sample is made of from Debian's archive into debian/, as any user:
#   debian/vmlinuz   the cloud kernel
#   debian/modules/  the modules that ./modules names, with those they need and a modules.dep
#   debian/rootfs/   nginx and the libraries that it is linked with
# `prepare.sh -f` fetches anew, without it nothing is done where debian/ stands already and has the modules of the list.
set -euo pipefail
shopt -s nullglob
umask 022
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"

server=nginx
kernel=linux-image-cloud-amd64

die() {
    printf 'prepare.sh: %s\n' "$1" >&2
    exit 1
}

# The package of this architecture's kernel that the metapackage $1 stands for.
kernel_package() {
    apt-cache depends --important "$1" | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1
}

# $1 and, of the packages that it needs directly or through others, the libraries.
with_libraries() {
    local names
    names=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
        --no-enhances "$1" | sed -n 's/^\([a-z0-9][^ :]*\)$/\1/p' | sort -u)
    printf '%s\n' "$1"
    # shellcheck disable=SC2086 # one word is one package
    apt-cache show --no-all-versions $names | awk -v RS= -F'\n' '{
        for (i = 1; i <= NF; i++) { if ($i ~ /^Package: /) name = substr($i, 10)
                                    if ($i == "Section: libs") print name } }' | sort -u
}

# Downloads the packages $2... and unpacks them into the directory $1.
unpack() {
    local into=$1 archive
    shift
    mkdir -p "$into" "$into.download"
    (cd "$into.download" && apt-get -qq -o APT::Sandbox::User=root download "$@") ||
        die "apt-get download failed; does apt-get update work?"
    for archive in "$into.download"/*.deb; do
        dpkg-deb -x "$archive" "$into"
    done
}

# The shared libraries that the program or library $1 asks for, by name, and the loader by its path.
needed_by() {
    readelf -dl "$1" 2>/dev/null |
        sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p; s/.*program interpreter: \/\(.*\)\]/\1/p'
}

# Copies the file $3 of the tree $1 to the same place in the tree $2, a symlink as the file that it stands for.
copy_file() {
    mkdir -p "$2/$(dirname "$3")"
    cp -L --preserve=mode "$1/$3" "$2/$3"
}

# Copies the program $3 and all libraries that it comes to load at its start from the tree $1 to $2.
copy_program() {
    local from=$1 to=$2 queue=("$3") path name library
    while ((${#queue[@]})); do
        path=${queue[0]}
        queue=("${queue[@]:1}")
        [[ -e $to/$path ]] && continue
        copy_file "$from" "$to" "$path"
        while read -r name; do
            [[ $name != ld-linux* ]] || continue # the loader itself, which stands there by its path
            library=$name
            if [[ $name != */* ]]; then
                library=$(cd "$from" && find lib* usr/lib* -maxdepth 2 -name "$name" | sort | head -n 1)
            fi
            [[ -n $library ]] || die "$path needs $name, which is in none of the packages"
            queue+=("$library")
        done < <(needed_by "$from/$path")
    done
}

# Copies the modules named in the file $3, and those they need, of the kernel tree $1 to $2.
copy_modules() {
    local from=$1 to=$2 release name path
    local directory=("$from"/lib/modules/*)
    release=${directory[0]##*/}
    depmod -b "$from" "$release"
    while read -r name; do
        [[ -n $name && $name != \#* ]] || continue
        modprobe -d "$from" -S "$release" --show-depends "$name" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
    done <"$3" | sort -u | while read -r path; do
        copy_file "$from" "$to" "${path#"$from"/}"
    done
    cp "$from/lib/modules/$release"/modules.{builtin,builtin.modinfo,order} "$to/lib/modules/$release/"
    depmod -b "$to" "$release"
    # The rest of what depmod writes serves modprobe, which the guest does not have.
    find "$to/lib/modules/$release" -maxdepth 1 -type f ! -name modules.dep ! -name modules.builtin -delete
}

cd "$(dirname "$0")"
[[ ${1-} == -f ]] || ! cmp -s modules debian/modules.list || exit 0
for program in apt-get dpkg-deb readelf depmod modprobe; do
    command -v "$program" >/dev/null || die "$program is not installed"
done

work=$(mktemp -d "$PWD/.prepare.XXXXXX")
trap 'rm -rf "$work"' EXIT
image=$(kernel_package "$kernel")
[[ -n $image ]] || die "apt knows no package $kernel; run apt-get update"
mapfile -t packages < <(with_libraries "$server")
unpack "$work/kernel" "$image"
unpack "$work/server" "${packages[@]}" nginx-common

mkdir -p "$work/debian/rootfs"
images=("$work"/kernel/boot/vmlinuz-*)
cp "${images[0]}" "$work/debian/vmlinuz"
copy_modules "$work/kernel" "$work/debian/modules" modules
cp modules "$work/debian/modules.list"
copy_program "$work/server" "$work/debian/rootfs" usr/sbin/nginx
copy_file "$work/server" "$work/debian/rootfs" etc/nginx/mime.types

chmod 755 "$work/debian"
rm -rf debian
mv -T "$work/debian" debian
printf 'debian/ holds %s and %s\n' "$image" "$server" >&2
