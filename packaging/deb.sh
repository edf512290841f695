#!/bin/bash
# Build a Debian package of this checkout into the folder $1, with dpkg-deb alone: `make deb`.
# The package fits the Debian release, Python and architecture of the build machine.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${UV:?}"
python=/usr/bin/python3
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)-1
maintainer="${DEBFULLNAME:-The contactsync authors} <${DEBEMAIL:-root@localhost}>"
architecture=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

PYTHON=$python PREFIX=/usr DESTDIR=$root EXTRA='[embedded]' packaging/install.sh

# Move files to Debian's locations and convert them to Debian's formats.
doc=$root/usr/share/doc/contactsync
rm "$doc/LICENSE"
mv "$doc/CHANGELOG.md" "$doc/changelog"
{ cat packaging/debian/copyright; tail -n +3 LICENSE | sed 's/^$/./; s/^/ /'; } >"$doc/copyright"
printf 'contactsync (%s) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- %s  %s\n' \
    "$version" "$maintainer" "$(git log -1 --format=%cD 2>/dev/null || date -R)" >"$doc/changelog.Debian"
gzip -9n "$doc/changelog" "$doc/changelog.Debian" "$root/usr/share/man/man1/contactsync.1"
install -D -m 644 packaging/debian/lintian-overrides "$root/usr/share/lintian/overrides/contactsync"
mkdir -p "$root/lib/systemd"
mv "$root/usr/lib/systemd/system" "$root/lib/systemd/system"
rmdir "$root/usr/lib/systemd"
find "$root" -type f -name '*.so*' -exec chmod 644 {} +

install -d "$root/DEBIAN"
install -m 755 packaging/debian/postinst packaging/debian/prerm packaging/debian/postrm "$root/DEBIAN"
install -m 644 packaging/debian/conffiles "$root/DEBIAN"
(cd "$root" && find . -type f ! -path './DEBIAN/*' ! -path './etc/*' -printf '%P\0' | sort -z | xargs -0 md5sum) \
    >"$root/DEBIAN/md5sums"
sed "s/@VERSION@/$version/; s/@MAINTAINER@/$maintainer/; s/@ARCHITECTURE@/$architecture/; s/@SIZE@/$(du -sk --exclude=DEBIAN "$root" | cut -f1)/
     s/@PYTHON@/$("$python" -c 'import sys; print("%d.%d~" % sys.version_info[:2])')/
     s/@NEXT_PYTHON@/$("$python" -c 'import sys; print("%d.%d~" % (sys.version_info[0], sys.version_info[1] + 1))')/" \
    packaging/debian/control >"$root/DEBIAN/control"

mkdir -p "$1"
# -z1 takes a fifth of the time of the best compression, for a tenth more size.
dpkg-deb --root-owner-group -Zxz -z1 --build "$root" "$1/contactsync_${version}_$architecture.deb"
