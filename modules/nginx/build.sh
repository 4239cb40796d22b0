#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Build the module for this system's nginx, out of Debian's nginx-dev.
#
#     build.sh NGINX_SOURCE MODULE_SOURCE WORK OUTPUT INCLUDE LIBRARY...
#
# nginx's configure wants to run in its source tree: it is given a tree of
# links in WORK, so that nothing is written anywhere else. It runs again when
# what it was told changed; make does the rest.
set -euo pipefail
source=$1 module=$(realpath "$2") output=$(realpath -m "$4")
mkdir -p "$3"
work=$(realpath "$3")
COUNTERSIGN_CFLAGS=-I$(realpath "$5")
shift 5
libraries=()
for library; do
    case $library in
    -*) libraries+=("$library") ;;
    *) libraries+=("$(realpath "$library")") ;;
    esac
done
# The engine's functions are not for other modules to find.
COUNTERSIGN_LIBS="-Wl,--exclude-libs,ALL ${libraries[*]}"
export COUNTERSIGN_CFLAGS COUNTERSIGN_LIBS

ln -sfn "$source/auto" "$work/auto"
ln -sfn "$source/src" "$work/src"
ln -sfn "$source/configure" "$work/configure"
# shellcheck disable=SC1091 # NGX_CONF_FLAGS, as the installed nginx has them
. "$source/conf_flags"
cd "$work"
told=$(md5sum "$source/conf_flags" "$module/config")
told+="$COUNTERSIGN_CFLAGS $COUNTERSIGN_LIBS"

configure() {
    rm -rf objs told
    bash ./configure --with-cc-opt="-g -O2 -fPIC -fstack-protector-strong" \
        --with-ld-opt="-Wl,-z,relro -Wl,-z,now -fPIC" \
        "${NGX_CONF_FLAGS[@]}" --add-dynamic-module="$module" \
        --builddir="$work/objs" && printf '%s' "$told" >told
}

if ! {
    { [ -f told ] && [ "$(cat told)" = "$told" ]; } || configure
} >log 2>&1; then
    cat log >&2
    exit 1
fi
# The libraries are not among what make looks at.
rm -f objs/ngx_http_countersign_module.so
if ! make -f objs/Makefile modules >log 2>&1; then
    cat log >&2
    exit 1
fi
cp objs/ngx_http_countersign_module.so "$output"
