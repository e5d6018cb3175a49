/* The least a durable, locked replace of a file can do: open, flock, read, write, fsync, rename,
 * fsync of the directory. No parsing, no checks, no metadata. Usage: floor FILE OLD NEW, where OLD
 * and NEW are strings of one length; the first OLD becomes NEW. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void need(int ok, const char *what) {
    if (!ok) {
        perror(what);
        exit(1);
    }
}

int main(int argc, char **argv) {
    need(argc == 4 && strlen(argv[2]) == strlen(argv[3]), "usage");
    char lock_path[4096], temp_path[4096], directory[4096];
    snprintf(lock_path, sizeof lock_path, "%s.floor-lock", argv[1]);
    snprintf(temp_path, sizeof temp_path, "%s.floor-tmp", argv[1]);
    snprintf(directory, sizeof directory, "%s", argv[1]);
    char *slash = strrchr(directory, '/');
    need(slash != NULL, "absolute path");
    *slash = 0;

    int lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    need(lock >= 0 && flock(lock, LOCK_EX) == 0, "lock");

    int file = open(argv[1], O_RDONLY | O_CLOEXEC);
    struct stat status;
    need(file >= 0 && fstat(file, &status) == 0, "open");
    char *bytes = malloc((size_t)status.st_size + 1);
    need(bytes != NULL && read(file, bytes, (size_t)status.st_size) == status.st_size, "read");
    bytes[status.st_size] = 0;
    char *found = strstr(bytes, argv[2]);
    need(found != NULL, "find");
    memcpy(found, argv[3], strlen(argv[3]));

    int temp = open(temp_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    need(temp >= 0 && write(temp, bytes, (size_t)status.st_size) == status.st_size, "write");
    need(fsync(temp) == 0 && close(temp) == 0, "fsync");
    need(rename(temp_path, argv[1]) == 0, "rename");
    int handle = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    need(handle >= 0 && fsync(handle) == 0, "fsync directory");
    return 0;
}
