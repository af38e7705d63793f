# SPDX-License-Identifier: Apache-2.0
# Warnings and hardening for everything that is built here.
add_library(project_flags INTERFACE)
target_include_directories(project_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_definitions(project_flags INTERFACE
    _GNU_SOURCE "PROBE_VERSION=\"${PROJECT_VERSION}\"")
target_compile_options(project_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes
    -Wmissing-prototypes -Wold-style-definition -Wwrite-strings -Wcast-qual
    -Wpointer-arith -Wformat=2 -Wundef -Wvla -Wswitch-enum -Wimplicit-fallthrough
    -Wnull-dereference -fstack-protector-strong
    $<$<BOOL:${WARNINGS_AS_ERRORS}>:-Werror>
    $<$<AND:$<CONFIG:Release,RelWithDebInfo>,$<NOT:$<BOOL:${SANITIZE}>>>:-U_FORTIFY_SOURCE>
    $<$<AND:$<CONFIG:Release,RelWithDebInfo>,$<NOT:$<BOOL:${SANITIZE}>>>:-D_FORTIFY_SOURCE=2>)
target_link_options(project_flags INTERFACE -Wl,-z,relro,-z,now)

# Apart, because valgrind and the benchmarks want the same code without them.
add_library(project_sanitizers INTERFACE)
if(SANITIZE)
    target_compile_options(project_sanitizers INTERFACE
        -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(project_sanitizers INTERFACE -fsanitize=address,undefined)
endif()

include(CheckPIESupported)
check_pie_supported()
