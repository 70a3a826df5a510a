#!/bin/sh
# Installs git-credential-patron: the program, its manual, and completions for bash, zsh and fish; from an archive of
# a release, whose checksum is checked first, or from a checkout of the sources.
#
# Nothing but files below the prefix is written, and each is noted in a list of what was installed, with the
# folders that were made for them: so --uninstall removes exactly that. Git's config is not touched, that is
# `git credential-patron setup`'s; nor is any start-up file of a shell.
set -eu
umask 022

program=git-credential-patron
usage="usage: install.sh [--from FILE|DIR] [--prefix DIR] [--dry-run]
       install.sh --binary FILE [--prefix DIR] [--dry-run]
       install.sh --uninstall [--prefix DIR] [--dry-run]

  --from FILE|DIR  install an archive of a release (FILE), after checking it against the SHA256SUMS
                   beside it; or what is in DIR: this machine's archive with SHA256SUMS, an archive
                   that is unpacked already, or a checkout of the sources, which is built with
                   cargo build --release --locked [default: where this script is]
  --prefix DIR     install below DIR [default: ~/.local, for root /usr/local]
  --binary FILE    install this program, with the manual that lies beside this script
  --uninstall      remove what was installed, and the folders made for it
  --dry-run        say what would be done, and do nothing

Nothing is fetched. GitHub tells whether it built an archive: gh attestation verify FILE --repo REPO"

# Where releases come from: install/archive fills it in; in a checkout, Cargo.toml names it.
repository=''

# What is installed where, below the prefix. `git credential-patron --help` opens the first manual: man
# finds DIR/share/man by itself for each DIR/bin in PATH.
files="bin/$program
share/man/man1/$program.1
share/man/man7/$program-denials.7
share/bash-completion/completions/$program
share/zsh/site-functions/_$program
share/fish/vendor_completions.d/$program.fish"
# The list of what was installed: `file PATH` below the prefix, `folder PATH` in full, outermost first.
list=share/$program/installed

newline='
'
fail() { # FACT [REMEDY]
    printf 'install.sh: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf '  fix: %s\n' "$2" >&2
    exit 1
}
wrong_usage() {
    printf 'install.sh: %s\n\n%s\n' "$1" "$usage" >&2
    exit 2
}
# Says what is done, or what would be.
say() {
    if [ -n "$dry" ]; then printf 'would %s\n' "$1"; else printf '%s\n' "$1"; fi
}
absolute() {
    case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s/%s\n' "$PWD" "$1" ;;
    esac
}
# Follows the links of the folders that exist, and takes dots out: the list then names what is removed again,
# wherever --uninstall is run from.
resolved() { # ABSOLUTE PATH
    if [ -d "$1" ]; then
        CDPATH='' cd -P -- "$1" && pwd -P
        return
    fi
    around=$(resolved "$(dirname -- "$1")") || return
    case $(basename -- "$1") in
    .) printf '%s\n' "$around" ;;
    ..) dirname -- "$around" ;;
    *) printf '%s/%s\n' "${around%/}" "$(basename -- "$1")" ;;
    esac
}
unquoted() {
    tr -d "'\"\\\\"
}
quoted() { # as a shell takes it in double quotes
    printf '%s\n' "$1" | sed 's/["$`\\]/\\&/g'
}

prefix='' binary='' from='' uninstall='' dry=''
while [ $# -gt 0 ]; do
    case $1 in
    --prefix | --binary | --from)
        [ $# -ge 2 ] || wrong_usage "$1 wants a value"
        [ -n "$2" ] || wrong_usage "$1 is empty"
        case $1 in
        --prefix) prefix=$2 ;;
        --binary) binary=$2 ;;
        --from) from=$2 ;;
        esac
        shift 2
        ;;
    --prefix=?*) prefix=${1#*=} && shift ;;
    --from=?*) from=${1#*=} && shift ;;
    --binary=?*) binary=${1#*=} && shift ;;
    --uninstall) uninstall=yes && shift ;;
    --dry-run) dry=yes && shift ;;
    -h | --help) printf '%s\n' "$usage" && exit 0 ;;
    *) wrong_usage "there is no option or argument $1" ;;
    esac
done

if [ -z "$prefix" ]; then
    if [ "$(id -u)" -eq 0 ]; then
        prefix=/usr/local
    else
        case ${HOME-} in
        /*) prefix=$HOME/.local ;;
        *) fail 'HOME is not set to an absolute path, so there is no place to install to' 'name one: --prefix DIR' ;;
        esac
    fi
fi
case $prefix in
*"$newline"*) fail 'the prefix holds a line break' 'name another folder: --prefix DIR' ;;
esac
prefix=$(resolved "$(absolute "$prefix")") || fail 'the prefix cannot be read' 'name another folder: --prefix DIR'
[ "$prefix" != / ] || fail 'the prefix cannot be /' 'name a folder: --prefix /usr/local'
# In an archive this script lies beside the manual, in a checkout in a folder of its own.
top=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
[ -d "$top/man" ] || top=$(dirname -- "$top")

# Whether a name in the list may be removed: below the prefix, or for a folder the prefix and those around it.
is_ours() { # KIND PATH
    case /$2/ in
    */../*) return 1 ;;
    esac
    case $1:$2 in
    file:bin/* | file:share/*) return 0 ;;
    folder:"$prefix"/*) return 0 ;;
    folder:/*) case $prefix/ in "$2"/*) return 0 ;; esac ;;
    esac
    return 1
}

# Whether git is set up to ask the program that would go.
is_asked() {
    command -v git >/dev/null 2>&1 || return 1
    # Helpers stand there as a shell takes them, so quotes of all kinds are left out of the comparison.
    for scope in --global --system; do
        git config "$scope" --includes --get-regexp '^credential\.(.*\.)?helper$' 2>/dev/null || :
    done | unquoted | grep -qF -- "$(printf '%s' "$prefix/bin/$program" | unquoted)"
}

# Removes what an installation left beside a file when it was killed where it could not clean up.
remove_leftovers() { # PATH
    for left in "$prefix/$1".new.*; do
        # Where there is none, the pattern stands for itself.
        if [ -f "$left" ] && ! kill -0 "${left##*.}" 2>/dev/null; then rm -f -- "$left"; fi
    done
}

do_uninstall() {
    [ -f "$prefix/$list" ] ||
        fail "nothing was installed below $prefix by this script" "name the folder it was installed to: --prefix DIR"
    if is_asked; then
        fail "git still asks $prefix/bin/$program" 'first: git credential-patron unsetup (with --system, if setup was)'
    fi
    # Innermost folders last in the list, so first here.
    backwards=$(sed -n '1!G;h;$p' "$prefix/$list") || fail "$prefix/$list cannot be read"
    # A path may end in a blank, which `read` would cut off between words.
    printf '%s\n' "$backwards" | while IFS= read -r line; do
        kind=${line%% *} path=${line#* }
        case $kind in '#'*) continue ;; esac
        is_ours "$kind" "$path" || fail "$prefix/$list names what is not ours: $kind $path"
        if [ "$kind" = file ]; then
            if [ -e "$prefix/$path" ] || [ -L "$prefix/$path" ]; then
                say "remove $prefix/$path"
                [ -n "$dry" ] || rm -f -- "$prefix/$path" || fail "$prefix/$path cannot be removed"
            fi
            [ -n "$dry" ] || remove_leftovers "$path"
        fi
    done || exit 1
    say "remove $prefix/$list"
    [ -n "$dry" ] || rm -f -- "$prefix/$list" || fail "$prefix/$list cannot be removed"
    printf '%s\n' "$backwards" | while IFS= read -r line; do
        kind=${line%% *} path=${line#* }
        if [ "$kind" = folder ] && [ -d "$path" ]; then
            if [ -n "$dry" ]; then
                say "remove folder $path, if nothing else is in it"
            else
                # Others may have put something there meanwhile; it is theirs now.
                if rmdir -- "$path" 2>/dev/null; then say "remove folder $path"; fi
            fi
        fi
    done
    [ -n "$dry" ] || printf '%s is uninstalled; accounts and tokens are still there\n' "$program"
}

# Whether each file that a list names is in the working folder and has the bytes that the list says.
are_as_listed() { # LIST
    if command -v sha256sum >/dev/null 2>&1; then
        sha256sum -c -- "$1" >/dev/null 2>"$stage/why"
    elif command -v shasum >/dev/null 2>&1; then
        shasum -a 256 -c -- "$1" >/dev/null 2>"$stage/why"
    else
        fail 'neither sha256sum nor shasum is found, so nothing can be checked' 'install one of them: coreutils, perl'
    fi
}

# What an archive for this machine is called.
archive_here() {
    case $(uname -s):$(uname -m) in
    Linux:x86_64 | Linux:amd64) system=x86_64-unknown-linux-musl ;;
    Linux:aarch64 | Linux:arm64) system=aarch64-unknown-linux-musl ;;
    Darwin:x86_64) system=x86_64-apple-darwin ;;
    Darwin:arm64) system=aarch64-apple-darwin ;;
    *) fail "there is no release for $(uname -s) on $(uname -m)" 'build it from the sources, in a checkout' ;;
    esac
    printf '%s-%s.tar.gz\n' "$program" "$system"
}

# Checks an archive against the list beside it, unpacks it, and makes `top` what is in it.
take_archive() { # FILE
    folder=$(CDPATH='' cd -- "$(dirname -- "$1")" && pwd) name=$(basename -- "$1")
    [ -f "$folder/SHA256SUMS" ] ||
        fail "there is no SHA256SUMS beside $1, so it cannot be checked" 'fetch that file from the same release'
    # One line a file: its checksum, a blank, a blank or a star, its name.
    awk -v "name=$name" 'substr($0, 67) == name' "$folder/SHA256SUMS" >"$stage/sum"
    [ "$(wc -l <"$stage/sum")" -eq 1 ] || fail "$folder/SHA256SUMS does not name $name" 'fetch both from the same release'
    (cd -- "$folder" && are_as_listed "$stage/sum") ||
        fail "$1 is not what $folder/SHA256SUMS says: it is damaged, or from another release" 'fetch both again, and install nothing until they agree'
    mkdir -- "$stage/unpacked"
    tar -xzf "$folder/$name" -C "$stage/unpacked" || fail "$1 cannot be unpacked"
    for inside in "$stage/unpacked"/*; do top=$inside; done
    [ -f "$top/$program" ] || fail "$1 holds no $program" "an archive of a release does: $(archive_here)"
    checked=$1
}

# Takes what --from names. Sets `top`, and `checked` where something could be held against a checksum.
take_from() {
    if [ -f "$from" ]; then
        take_archive "$from"
        return
    fi
    [ -d "$from" ] || fail "there is no file or folder $from"
    folder=$(CDPATH='' cd -- "$from" && pwd)
    if [ -f "$folder/$program" ] && [ -f "$folder/SHA256SUMS" ]; then
        (cd -- "$folder" && are_as_listed SHA256SUMS) ||
            fail "what is in $folder is not what its SHA256SUMS says: $(head -n 1 "$stage/why")" 'unpack the archive again'
        top=$folder
    elif [ -f "$folder/Cargo.toml" ]; then
        top=$folder
    else
        name=$(archive_here) || exit 1
        [ -f "$folder/$name" ] || fail "there is no $name in $folder" 'fetch it and SHA256SUMS from the release'
        take_archive "$folder/$name"
    fi
}

# Finds the program, or makes it. Sets `binary`, which stays empty where a dry run would build.
find_binary() {
    if [ -z "$binary" ] && [ -f "$top/$program" ]; then
        binary=$top/$program
    fi
    if [ -n "$binary" ]; then
        binary=$(absolute "$binary")
        [ -f "$binary" ] || fail "there is no program $binary"
        return
    fi
    [ -f "$top/Cargo.toml" ] ||
        fail "there is no program and no source in $top" 'name the program: --binary FILE'
    say "run cargo build --release --locked in $top"
    [ -z "$dry" ] || return 0
    command -v cargo >/dev/null 2>&1 ||
        fail 'cargo is not found, so the program cannot be built' 'build it where cargo is (cargo build --release --locked), then: --binary target/release/git-credential-patron'
    (cd "$top" && cargo build --release --locked --message-format=json-render-diagnostics) >"$stage/built" ||
        fail "the program cannot be built in $top"
    # The last program that was built; Cargo alone knows where it was told to put it.
    binary=$(sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' "$stage/built" | tail -n 1)
    [ -f "$binary" ] || fail 'cargo built the program, and it is not where cargo says' 'name it: --binary FILE'
}

# Adds what is missing of a folder and those around it to `missing`, outermost first.
add_missing() { # FOLDER
    if [ -d "$1" ]; then return 0; fi
    if [ -e "$1" ] || [ -L "$1" ]; then fail "$1 is in the way: it is no folder"; fi
    case $newline$missing in *"$newline$1$newline"*) return 0 ;; esac
    add_missing "$(dirname -- "$1")"
    missing=$missing$1$newline
}

# Puts a file into its place in one step: who runs the old one keeps it.
put() { # SOURCE PATH MODE
    remove_leftovers "$2"
    pending=$prefix/$2.new.$$
    placed="$placed $2"
    if ! { cp -- "$1" "$pending" && chmod "$3" "$pending" && mv -f -- "$pending" "$prefix/$2"; }; then
        fail "$prefix/$2 cannot be written"
    fi
    pending=''
}

# Leaves nothing of what was begun; of a first installation that did not come to its end nothing at all.
clean_up() {
    rm -rf -- "$stage"
    [ -z "$pending" ] || rm -f -- "$pending"
    if [ -z "$finished" ] && [ -n "$fresh" ]; then
        # shellcheck disable=SC2086 # words, none of which has a blank
        for path in $placed; do rm -f -- "$prefix/$path"; done
        printf '%s' "$made" | sed '1!G;h;$!d' | while IFS= read -r it; do rmdir -- "$it" 2>/dev/null || :; done
    fi
}

do_install() {
    pending='' made='' placed='' fresh='' finished='' checked=''
    stage=$(mktemp -d) || fail 'there is no place for temporary files' 'set TMPDIR to a folder that can be written'
    trap clean_up EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 131' QUIT
    trap 'exit 141' PIPE
    trap 'exit 143' TERM
    [ -z "$from" ] || take_from
    [ -n "$repository" ] || [ ! -f "$top/Cargo.toml" ] ||
        repository=$(sed -n 's/^repository = "\(.*\)"$/\1/p' "$top/Cargo.toml")
    find_binary

    if [ -n "$binary" ]; then
        version=$("$binary" --version 2>"$stage/why" </dev/null) ||
            fail "$binary does not run here: $(head -n 1 "$stage/why")" 'is it built for this machine?'
        case $version in
        "$program "*) ;;
        *) fail "$binary is not $program" ;;
        esac
        cp -- "$binary" "$stage/program"
        for shell in bash zsh fish; do
            "$binary" completions "$shell" >"$stage/$shell" || fail "$binary gives no completions for $shell"
        done
    fi
    for page in "$program.1" "$program-denials.7"; do
        [ -f "$top/man/$page" ] || fail "there is no manual $top/man/$page" 'run this script where it came, beside the folder man'
    done

    # Before anything is written: what is in the way, and which folders are missing.
    missing=''
    known=''
    if [ ! -f "$prefix/$list" ]; then fresh=yes; fi
    if [ -f "$prefix/$list" ]; then known=$(cat -- "$prefix/$list") || fail "$prefix/$list cannot be read"; fi
    # Where one was killed before its list was in place, the list lies beside that, and names the folders it made.
    for left in "$prefix/$list".new.*; do
        if [ -f "$left" ] && ! kill -0 "${left##*.}" 2>/dev/null; then
            known=$known$newline$(grep '^folder ' -- "$left" || :)
        fi
    done
    add_missing "$prefix/$(dirname -- "$list")"
    for path in $files; do
        add_missing "$(dirname -- "$prefix/$path")"
        case $newline$known$newline in *"${newline}file $path$newline"*) continue ;; esac
        if [ -e "$prefix/$path" ] || [ -L "$prefix/$path" ]; then
            fail "$prefix/$path is there, and was not installed by this script" 'move it away, or name another folder: --prefix DIR'
        fi
    done

    printf '%s' "$missing" | while read -r folder; do say "make folder $folder"; done
    for path in $files; do say "install $prefix/$path"; done
    if [ -n "$dry" ]; then return 0; fi

    # The list comes first, so that whatever happens then can be undone by --uninstall, even after a KILL.
    if [ -n "$missing" ]; then
        # Not in a pipe: `made` must be known here.
        rest=$missing
        while [ -n "$rest" ]; do
            folder=${rest%%"$newline"*}
            rest=${rest#*"$newline"}
            mkdir -- "$folder" || fail "$folder cannot be made"
            made=$made$folder$newline
        done
    fi
    {
        printf '# what install.sh installed; its --uninstall reads this\n'
        printf '%s\n' "$known" | grep '^folder ' || :
        printf '%s' "$missing" | sed 's/^/folder /'
        for path in $files; do printf 'file %s\n' "$path"; done
    } >"$stage/list"
    put "$stage/list" "$list" 644
    # What an older version installed and this one does not.
    printf '%s\n' "$known" | while IFS= read -r line; do
        kind=${line%% *} path=${line#* }
        if [ "$kind" = file ] && is_ours "$kind" "$path"; then
            case $newline$files$newline in
            *"$newline$path$newline"*) ;;
            *) rm -f -- "$prefix/$path" || fail "$prefix/$path cannot be removed" ;;
            esac
        fi
    done

    put "$top/man/$program.1" "share/man/man1/$program.1" 644
    put "$top/man/$program-denials.7" "share/man/man7/$program-denials.7" 644
    put "$stage/bash" "share/bash-completion/completions/$program" 644
    put "$stage/zsh" "share/zsh/site-functions/_$program" 644
    put "$stage/fish" "share/fish/vendor_completions.d/$program.fish" 644
    put "$stage/program" "bin/$program" 755
    finished=yes

    printf '%s is installed below %s\n' "$version" "$prefix"
    if [ -n "$checked" ]; then
        printf '%s matches its checksum in SHA256SUMS; whether GitHub built it, this command tells:\n' "$checked"
        printf '  gh attestation verify "%s" --repo %s\n' "$(quoted "$checked")" "${repository#https://github.com/}"
    fi
    first=$(command -v "$program" 2>/dev/null || :)
    case :$PATH: in
    *:"$prefix/bin":*)
        if [ "$first" != "$prefix/bin/$program" ]; then
            printf 'git will use another one, which comes first in PATH: %s\n' "$first"
        fi
        ;;
    *)
        case ${SHELL-} in
        */fish)
            printf 'git does not find it yet; this line changes that, here and for later logins\n'
            printf '  fish_add_path "%s/bin"\n' "$(quoted "$prefix")"
            ;;
        *)
            case ${SHELL-} in */zsh) profile=.zprofile ;; *) profile=.profile ;; esac
            printf 'git does not find it yet: type this line here, and add it to ~/%s for later logins\n' "$profile"
            # shellcheck disable=SC2016 # PATH is meant as it stands
            printf '  export PATH="%s/bin:$PATH"\n' "$(quoted "$prefix")"
            ;;
        esac
        ;;
    esac
    case ${SHELL-}:$prefix in
    *:/usr | *:/usr/local) ;;
    */zsh:*)
        printf 'for completions in zsh, add this line to ~/.zshrc, above compinit\n'
        # shellcheck disable=SC2016 # fpath is meant as it stands
        printf '  fpath=("%s/share/zsh/site-functions" $fpath)\n' "$(quoted "$prefix")"
        ;;
    esac
    printf 'next: git credential-patron setup\n'
}

[ -z "$binary" ] || [ -z "$from" ] || wrong_usage '--binary and --from each say what to install'
if [ -n "$uninstall" ]; then
    [ -z "$binary$from" ] || wrong_usage '--binary and --from are for installing'
    do_uninstall
else
    do_install
fi
