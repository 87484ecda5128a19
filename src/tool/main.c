// SPDX-License-Identifier: MIT
#include "tool/tool.h"

int main(int argc, char *argv[])
{
    const struct tool_streams streams = {.in = stdin, .out = stdout, .err = stderr};

    return tool_run(argc, argv, &streams);
}
