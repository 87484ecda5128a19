# SPDX-License-Identifier: MIT

# vg_library(NAME SOURCES file... [LINK arrow...])
# One static library per folder. Its public headers are src/NAME/include/NAME/*.h; private ones lie
# beside the sources. LINK names every library whose headers it may include, and no other is seen.
function(vg_library NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(vg_${NAME} STATIC ${ARG_SOURCES})
  target_include_directories(vg_${NAME} PUBLIC include PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(vg_${NAME} PUBLIC ${ARG_LINK})
  target_compile_definitions(vg_${NAME} PRIVATE _GNU_SOURCE)
endfunction()
