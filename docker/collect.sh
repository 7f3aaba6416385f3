#!/bin/sh
# collect.sh PROGRAM FOLDER: lays out the root file system of the image: the program, stripped, the libraries that it
# links at the places where the loader looks for them, the few files that they read, their licences, and a list of what is
# linked (SPDX).
set -eu
program=$1 root=$2

mkdir -p "$root/etc" "$root/run" "$root/var" "$root/tmp"
chmod 1777 "$root/tmp"
ln -s ../run "$root/var/run" # /var/run/docker.sock may be mounted as /run/docker.sock, and the other way round
strip -o "$root/sockwarden" "$program"
chmod 755 "$root/sockwarden"

# Lines of ldd: "name => path (address)", or "path (address)" for the loader. Each with the licence of its package.
mkdir "$root/licenses"
ldd "$program" | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' | while read -r library; do
    mkdir -p "$root${library%/*}"
    cp -L "$library" "$root$library"
    package=$(dpkg -S "$(readlink -f "$library")" "$library" 2>/dev/null | grep -v '^diversion' | head -n 1 | cut -d : -f 1)
    cp "/usr/share/doc/$package/copyright" "$root/licenses/$package"
done
cp LICENSE "$root/licenses/sockwarden"
bash docker/package/sbom.sh "$program" "$("$program" --version | cut -d ' ' -f 2)" >"$root/sockwarden.spdx.json"

# For `user: nobody` and for names in messages.
printf 'root:x:0:0:root:/:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
# Names are looked up in /etc/hosts and by DNS; that needs no further library.
printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$root/etc/nsswitch.conf"
