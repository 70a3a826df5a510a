/* Runs a script of Linux from a program in Wine, for tests alone: helpers and commands there are written for the shell
 * of Linux.
 *
 *     linux SCRIPT [ARGUMENT...]
 *
 * Pipes of Windows are none of Linux in Wine, so what goes in and out goes by files in TMPDIR, which are removed. */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

typedef LONG(CDECL *Spawn)(char *const argv[], int wait);

static const char *const names[] = {"in", "out", "err", "code"};

/* As Linux names it; `drive` puts Wine's drive before it. */
static void name(char *path, const char *folder, int which, int drive) {
    sprintf(path, "%s%.800s/linux-%lu-%s", drive ? "Z:" : "", folder, GetCurrentProcessId(), names[which]);
}

static void copy(FILE *from, FILE *to) {
    char bytes[4096];
    size_t count;
    while (from && to && (count = fread(bytes, 1, sizeof bytes, from)) > 0) fwrite(bytes, 1, count, to);
    if (to) fflush(to);
}

int main(int argc, char **argv) {
    char line[] = "in=$1 out=$2 err=$3 code=$4; shift 4; \"$@\" <\"$in\" >\"$out\" 2>\"$err\"; "
                  "echo $? >\"$code.new\"; mv \"$code.new\" \"$code\"";
    const char *folder = getenv("TMPDIR");
    Spawn spawn = (Spawn)(void *)GetProcAddress(GetModuleHandleA("ntdll.dll"), "__wine_unix_spawnvp");
    char inside[4][1024], outside[4][1024];
    char **args = calloc(argc + 9, sizeof *args);
    int n = 0, i, code = 126;
    FILE *file;
    if (argc < 2 || !folder || !spawn || !args) {
        fprintf(stderr, "linux: this is for tests in Wine, with TMPDIR set\n");
        return 127;
    }
    _fmode = _O_BINARY;
    _setmode(0, _O_BINARY), _setmode(1, _O_BINARY), _setmode(2, _O_BINARY);
    for (i = 0; i < 4; i++) name(inside[i], folder, i, 0), name(outside[i], folder, i, 1);
    file = fopen(outside[0], "wb");
    copy(stdin, file);
    if (file) fclose(file);
    args[n++] = "/bin/sh", args[n++] = "-c", args[n++] = line, args[n++] = "sh";
    for (i = 0; i < 4; i++) args[n++] = inside[i];
    for (i = 1; i < argc; i++) args[n++] = argv[i];
    /* The script's own name is one of Windows. */
    if (strlen(args[8]) > 2 && args[8][1] == ':') args[8] += 2;
    for (i = 0; args[8][i]; i++)
        if (args[8][i] == '\\') args[8][i] = '/';
    spawn(args, 1);
    for (i = 0; i < 3000 && GetFileAttributesA(outside[3]) == INVALID_FILE_ATTRIBUTES; i++) Sleep(10);
    if ((file = fopen(outside[3], "rb"))) {
        if (fscanf(file, "%d", &code) != 1) code = 126;
        fclose(file);
    }
    for (i = 1; i < 3; i++)
        if ((file = fopen(outside[i], "rb"))) copy(file, i == 1 ? stdout : stderr), fclose(file);
    for (i = 0; i < 4; i++) DeleteFileA(outside[i]);
    return code;
}
