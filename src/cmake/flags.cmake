# SPDX-License-Identifier: MIT
# Warnings, hardening and sanitizers, for every target of the tree.
add_compile_options(
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
  -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wcast-qual -Wcast-align
  -Wwrite-strings -Wundef -Wformat=2 -Wvla -Wswitch-enum -Wnull-dereference
  -Wimplicit-fallthrough -Wdouble-promotion)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init
                      -Wtrampolines -Walloca)
elseif(CMAKE_C_COMPILER_ID MATCHES "Clang")
  add_compile_options(-Wthread-safety -Wcomma -Wassign-enum)
endif()
if(VG_WERROR)
  add_compile_options(-Werror)
endif()

# One source tree, one build: no build path in the binaries, so that two builds are the same.
if(NOT VG_COVERAGE)
  add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
endif()

if(VG_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "VG_FUZZ needs libFuzzer: -DCMAKE_C_COMPILER=clang-14")
  endif()
  set(VG_ASAN ON)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(VG_ASAN)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(VG_COVERAGE)
  # Not optimised: every branch of the text is one of the program.
  add_compile_options(--coverage -O0 -U_FORTIFY_SOURCE)
  add_link_options(--coverage)
else()
  add_compile_options(-fstack-protector-strong -fstack-clash-protection -fcf-protection)
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  endif()
  add_link_options(-pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
endif()
