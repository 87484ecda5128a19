// SPDX-License-Identifier: MIT
/* Feeds files to a fuzz target, so that its corpus is a test wherever the tests are built: each
 * argument is a file, or a folder of files. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define INPUT_MAX 65536
#define FILES_MAX 10000

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    /* As long as the input and no longer, so that the sanitizers see a byte too far. */
    uint8_t *read = malloc(INPUT_MAX);
    if (file == NULL || read == NULL) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    size_t length = fread(read, 1, INPUT_MAX, file);
    (void)fclose(file);
    uint8_t *bytes = realloc(read, length > 0 ? length : 1);
    if (bytes == NULL)
        exit(1);
    (void)LLVMFuzzerTestOneInput(bytes, length);
    free(bytes);
    return 1;
}

static int replay_folder(const char *path)
{
    int files = 0;
    DIR *folder = opendir(path);
    if (folder == NULL) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL && files < FILES_MAX;
         entry = readdir(folder)) {
        char name[4096];
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        files += replay_file(name);
    }
    (void)closedir(folder);
    return files;
}

int main(int argc, char **argv)
{
    int files = 0;
    for (int i = 1; i < argc; i++) {
        struct stat status;
        if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode))
            files += replay_folder(argv[i]);
        else
            files += replay_file(argv[i]);
    }
    printf("%d inputs\n", files);
    return files > 0 ? 0 : 1;
}
