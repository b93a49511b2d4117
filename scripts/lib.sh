# shellcheck shell=bash
# Shared by the scripts next to it, which source it first. It leaves the shell in the repository's top folder.
# It installs what is missing by Debian package name, and says so before it does.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

say() { printf '%s\n' "$*" >&2; }

die() {
	say "${0##*/}: $*"
	exit 1
}

# as_root COMMAND...: run it as root, through sudo if need be.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		say "This needs root, and there is no sudo: $*"
		return 1
	fi
}

# install_packages NAME...: install Debian packages; fails when that is not possible.
install_packages() {
	command -v apt-get >/dev/null || {
		say "Please install with this system's package manager: $*"
		return 1
	}
	say "Installing with apt: $*"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2 &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >&2
}

# need COMMAND PACKAGE...: make sure that a command is there.
need() {
	local cmd=$1
	shift
	command -v "$cmd" >/dev/null || install_packages "$@"
}

# --- Go ---------------------------------------------------------------------------------------------------------

# newest_go: put the newest Go that is installed first in PATH. Debian keeps versions in /usr/lib/go-*, the upstream
# archive unpacks to /usr/local/go.
newest_go() {
	local dir version best='' best_version=0
	for dir in "$(dirname "$(command -v go || echo /none/go)")" /usr/local/go/bin /usr/lib/go-*/bin; do
		[ -x "$dir/go" ] || continue
		version=$(cd / && GOTOOLCHAIN=local "$dir/go" version | sed -n 's/^go version go\([0-9.]*\).*/\1/p')
		if newer "$version" "$best_version"; then
			best=$dir best_version=$version
		fi
	done
	[ -n "$best" ] || return 1
	PATH=$best:$PATH
	go_version=$best_version
}

# newer A B: version A is later than version B.
newer() { [ "$1" != "$2" ] && [ "$(printf '%s\n' "$1" "$2" | sort -V | tail -n 1)" = "$1" ]; }

# need_go: make the Go of go.mod's toolchain line available. Any Go since 1.21 fetches it by itself. Debian 12 has 1.19,
# which does not know of toolchains but can download the same one, as a module with a verified checksum.
need_go() {
	local wanted
	wanted=$(sed -n 's/^toolchain go//p' go.mod)
	if ! newest_go; then
		say "Go is not installed."
		install_packages golang-go ca-certificates || die "cannot go on without Go (1.21 or later)"
		newest_go || die "golang-go is installed, but there is no go command"
	fi
	if newer 1.21 "$go_version"; then
		fetch_toolchain "$wanted"
	elif newer "$wanted" "$go_version"; then
		say "Go $go_version is installed; it fetches Go $wanted when it is first used."
		export GOTOOLCHAIN=auto
	fi
	# As another user than the owner of the folder, git refuses to answer and go to build.
	git rev-parse HEAD >/dev/null 2>&1 || export GOFLAGS="${GOFLAGS:-} -buildvcs=false"
	go version >&2 || die "Go $wanted cannot be run"
}

# fetch_toolchain VERSION: for a Go before 1.21, do by hand what later ones do: download the toolchain's module, make
# its programs executable, give back the name of its go.mod files (a module may not contain others).
fetch_toolchain() {
	local module dir
	module=golang.org/toolchain@v0.0.1-go$1.$(cd / && go env GOOS)-$(cd / && go env GOARCH)
	dir=$(cd / && go env GOMODCACHE)/$module
	if [ ! -x "$dir/bin/go" ]; then
		say "Go $go_version is too old to fetch Go $1 by itself; downloading it as the module $module."
		(cd / && GOFLAGS=-mod=mod go mod download "$module") || die "cannot download $module"
		chmod -R u+w "$dir"
		find "$dir" -name _go.mod -execdir cp _go.mod go.mod ';'
		chmod +x "$dir"/pkg/tool/*/* "$dir"/bin/*
	fi
	PATH=$dir/bin:$PATH
	unset GOROOT
	hash -r
}

# build_agent: build the program for this machine, or for GOOS, GOARCH and GOARM, to the given file.
build_agent() {
	mkdir -p "$(dirname "$1")"
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o "$1" ./agent/cmd/supersim-agent
}

# --- Counting steps ---------------------------------------------------------------------------------------------

passed=0 failed=0 skipped=0

# step NAME COMMAND...: run it, say how it went, count it. What the command prints appears only if it fails.
step() {
	local name=$1 began=$SECONDS log
	shift
	log=$(mktemp)
	if [ -t 2 ]; then say "...  $name"; fi
	if "$@" >"$log" 2>&1; then
		passed=$((passed + 1))
		printf 'ok   %s (%d s)\n' "$name" $((SECONDS - began))
	else
		failed=$((failed + 1))
		cat "$log"
		printf 'FAIL %s (%d s)\n' "$name" $((SECONDS - began))
	fi
	rm -f "$log"
}

# skip NAME WHY: count a step that cannot be done here.
skip() {
	skipped=$((skipped + 1))
	printf 'skip %s: %s\n' "$1" "$2"
}

# summary: the last line of a script that counts; fails if a step did.
summary() {
	if [ "$skipped" != 0 ]; then printf '%d skipped\n' "$skipped"; fi
	printf '%d passed, %d failed\n' "$passed" "$failed"
	[ "$failed" = 0 ]
}
