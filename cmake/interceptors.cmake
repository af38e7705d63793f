# SPDX-License-Identifier: Apache-2.0
# Turns probe/interceptors.txt into the rows of probe/interceptor.def, in the build folder:
#
#   INTERCEPTOR(kind, product, cn, o, ou)     "" where a line does not ask
#
# Done while configuring, and again when the list has changed. The unit test reads the list
# with the reader for users' files and compares, so the two cannot drift apart.
set(INTERCEPTORS "${PROJECT_SOURCE_DIR}/probe/interceptors.txt")
set(INTERCEPTOR_ROWS "${PROJECT_BINARY_DIR}/generated/probe/interceptor.def")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${INTERCEPTORS}")

function(quote_c out text)
    string(REPLACE "\\" "\\\\" text "${text}")
    string(REPLACE "\"" "\\\"" text "${text}")
    set(${out} "\"${text}\"" PARENT_SCOPE)
endfunction()

function(row_of out line)
    if(NOT line MATCHES "^([a-z]+) *\\|([^|]+)(\\|.*=.*)$")
        message(FATAL_ERROR "${INTERCEPTORS}: not KIND | PRODUCT | CN=NAME: ${line}")
    endif()
    set(patterns "${CMAKE_MATCH_3}")
    string(STRIP "${CMAKE_MATCH_2}" product)
    string(TOUPPER "${CMAKE_MATCH_1}" kind)
    quote_c(product "${product}")
    set(row "INTERCEPTOR(${kind}, ${product}")
    foreach(attribute CN O OU)
        set(name "")
        if(patterns MATCHES "\\| *${attribute}=([^|]*)")
            string(STRIP "${CMAKE_MATCH_1}" name)
        endif()
        quote_c(name "${name}")
        string(APPEND row ", ${name}")
    endforeach()
    set(${out} "${row})\n" PARENT_SCOPE)
endfunction()

# Line by line without a CMake list, in which ';' and '[' would have a meaning.
function(write_interceptors)
    file(READ "${INTERCEPTORS}" rest)
    set(rows "/* SPDX-License-Identifier: Apache-2.0 */\n/* From probe/interceptors.txt. */\n")
    while(rest MATCHES "^([^\n]*)\n")
        set(line "${CMAKE_MATCH_1}")
        string(LENGTH "${CMAKE_MATCH_0}" used)
        string(SUBSTRING "${rest}" ${used} -1 rest)
        if(line AND NOT line MATCHES "^#")
            row_of(row "${line}")
            string(APPEND rows "${row}")
        endif()
    endwhile()
    string(APPEND rows "#undef INTERCEPTOR\n")
    set(before "")
    if(EXISTS "${INTERCEPTOR_ROWS}")
        file(READ "${INTERCEPTOR_ROWS}" before)
    endif()
    if(NOT before STREQUAL rows)
        file(WRITE "${INTERCEPTOR_ROWS}" "${rows}")
    endif()
endfunction()

write_interceptors()
target_include_directories(project_flags INTERFACE "${PROJECT_BINARY_DIR}/generated")
