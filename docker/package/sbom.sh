#!/bin/bash
# Writes what a program is linked with as SPDX 2.3: sbom.sh PROGRAM VERSION >FILE
# Packages and versions are those of dpkg; where there is none a library stands for itself. The same program on the same
# machine gives the same bytes: the date is SOURCE_DATE_EPOCH, or the start of the epoch.
set -euo pipefail
program=$1
version=$2
created=$(date -u -d "@${SOURCE_DATE_EPOCH:-0}" +%Y-%m-%dT%H:%M:%SZ)

# The licence of a package by its name, as SPDX writes it.
license_of() {
    case $1 in
    libevent-*) echo BSD-3-Clause ;;
    libhttp-parser*) echo MIT ;;
    libcjson*) echo MIT ;;
    libinih*) echo BSD-3-Clause ;;
    libseccomp*) echo LGPL-2.1-only ;;
    libc6 | libc6:*) echo LGPL-2.1-or-later ;;
    *) echo NOASSERTION ;;
    esac
}

# PACKAGE VERSION SOURCE of the package that a file belongs to.
package_of() {
    local file package
    for file in "$1" "$(readlink -f "$1")" "/usr$1" "/usr$(readlink -f "$1")" "${1#/usr}"; do
        # A diversion is no owner.
        package=$(dpkg -S "$file" 2>/dev/null | grep -v '^diversion' | head -n 1 | cut -d: -f1) && [ -n "$package" ] && break
        package=
    done
    if [ -n "$package" ]; then
        dpkg-query -W -f '${Package} ${Version} ${source:Package}\n' "$package" | head -n 1
    else
        echo "$(basename "$1") NOASSERTION $(basename "$1")"
    fi
}

libraries() { ldd "$program" 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | LC_ALL=C sort; }

packages=()
relations=()
add_package() { # NAME VERSION LICENSE LOCATOR
    packages+=("    {\"SPDXID\": \"SPDXRef-$1\", \"name\": \"$1\", \"versionInfo\": \"$2\", \"licenseConcluded\": \"$3\",
     \"licenseDeclared\": \"$3\", \"copyrightText\": \"NOASSERTION\", \"downloadLocation\": \"NOASSERTION\",
     \"filesAnalyzed\": false$4}")
}

add_package sockwarden "$version" Apache-2.0 ""
relations+=('    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-sockwarden"}')
while read -r name package_version source; do
    add_package "$name" "$package_version" "$(license_of "$name")" ",
     \"externalRefs\": [{\"referenceCategory\": \"PACKAGE-MANAGER\", \"referenceType\": \"purl\",
       \"referenceLocator\": \"pkg:deb/debian/$name@${package_version//+/%2B}?upstream=$source\"}]"
    relations+=("    {\"spdxElementId\": \"SPDXRef-sockwarden\", \"relationshipType\": \"DYNAMIC_LINK\", \"relatedSpdxElement\": \"SPDXRef-$name\"}")
done < <(libraries | while read -r library; do package_of "$library"; done | LC_ALL=C sort -u)

join() {
    local IFS=$'\n'
    printf '%s' "$*" | sed ':a; N; $!ba; s/}\n    {/},\n    {/g'
}
digest=$(sha256sum "$program" | cut -d' ' -f1)
cat <<END
{
  "spdxVersion": "SPDX-2.3",
  "dataLicense": "CC0-1.0",
  "SPDXID": "SPDXRef-DOCUMENT",
  "name": "sockwarden-$version",
  "documentNamespace": "https://spdx.org/spdxdocs/sockwarden-$version-$digest",
  "creationInfo": {"created": "$created", "creators": ["Tool: sockwarden-sbom-$version"]},
  "packages": [
$(join "${packages[@]}")
  ],
  "relationships": [
$(join "${relations[@]}")
  ]
}
END
