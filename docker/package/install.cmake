# What `cmake --install` puts where, and the packages that CPack makes of it (cpack -G DEB in the build folder).
include(GNUInstallDirs)

set(SOCKWARDEN_UNIT_DIR "${CMAKE_INSTALL_PREFIX}/lib/systemd/system" CACHE PATH "Where systemd's units are installed")
set(SOCKWARDEN_SYSUSERS_DIR "${CMAKE_INSTALL_PREFIX}/lib/sysusers.d" CACHE PATH "Where systemd's sysusers.d is")
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    set(SOCKWARDEN_CONFIG_DIR "/etc/sockwarden" CACHE PATH "Where the INI file is installed")
else()
    set(SOCKWARDEN_CONFIG_DIR "${CMAKE_INSTALL_FULL_SYSCONFDIR}/sockwarden" CACHE PATH "Where the INI file is installed")
endif()

install(TARGETS sockwarden RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# The units name the program and the file by the places that they have here.
foreach(unit sockwarden.service sockwarden@.service sockwarden.socket)
    file(READ docker/systemd/${unit} text)
    string(REPLACE "/usr/bin/sockwarden" "${CMAKE_INSTALL_FULL_BINDIR}/sockwarden" text "${text}")
    string(REPLACE "/etc/sockwarden/" "${SOCKWARDEN_CONFIG_DIR}/" text "${text}")
    string(REPLACE "/usr/share/doc/sockwarden" "${CMAKE_INSTALL_FULL_DOCDIR}" text "${text}")
    file(WRITE ${PROJECT_BINARY_DIR}/systemd/${unit} "${text}")
    install(FILES ${PROJECT_BINARY_DIR}/systemd/${unit} DESTINATION ${SOCKWARDEN_UNIT_DIR})
endforeach()
install(FILES docker/package/sockwarden.sysusers DESTINATION ${SOCKWARDEN_SYSUSERS_DIR} RENAME sockwarden.conf)
# Settings that somebody wrote are not written over. (A package manager looks after that by itself.)
install(CODE "
    if(EXISTS \"\$ENV{DESTDIR}${SOCKWARDEN_CONFIG_DIR}/sockwarden.ini\")
        message(STATUS \"Kept: \$ENV{DESTDIR}${SOCKWARDEN_CONFIG_DIR}/sockwarden.ini\")
    else()
        file(INSTALL DESTINATION \"${SOCKWARDEN_CONFIG_DIR}\" TYPE FILE
             FILES \"${PROJECT_SOURCE_DIR}/docker/package/sockwarden.ini\")
    endif()")

install(FILES docs/completion/sockwarden.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        RENAME sockwarden)
install(FILES README.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs FILES_MATCHING PATTERN "*.md" PATTERN "*.svg"
        PATTERN "man" EXCLUDE PATTERN "completion" EXCLUDE PATTERN "documents" EXCLUDE)
install(DIRECTORY examples/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples
        FILES_MATCHING PATTERN "*.ini" PATTERN "*.yml" PATTERN "*.yaml" PATTERN "*.container" PATTERN "*.env")
install(FILES docker/package/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})

# Debian's forms: pages and changelog compressed, without a time in them.
find_program(GZIP gzip REQUIRED)
function(install_compressed source destination name)
    set(result ${PROJECT_BINARY_DIR}/compressed/${name}.gz)
    add_custom_command(OUTPUT ${result} DEPENDS ${source}
                       COMMAND ${GZIP} -9nc ${PROJECT_SOURCE_DIR}/${source} > ${result} VERBATIM)
    set_property(GLOBAL APPEND PROPERTY SOCKWARDEN_COMPRESSED ${result})
    install(FILES ${result} DESTINATION ${destination})
endfunction()
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/compressed)
file(GLOB manual_pages RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS docs/man/*.[1-9])
foreach(page ${manual_pages})
    get_filename_component(name ${page} NAME)
    string(REGEX REPLACE ".*\\." "" section ${name})
    install_compressed(${page} ${CMAKE_INSTALL_MANDIR}/man${section} ${name})
endforeach()
install_compressed(CHANGELOG.md ${CMAKE_INSTALL_DOCDIR} changelog)
get_property(compressed GLOBAL PROPERTY SOCKWARDEN_COMPRESSED)

# What is linked into the program, as SPDX.
set(sbom ${PROJECT_BINARY_DIR}/sockwarden.spdx.json)
add_custom_command(OUTPUT ${sbom} DEPENDS sockwarden docker/package/sbom.sh
                   COMMAND ${PROJECT_SOURCE_DIR}/docker/package/sbom.sh $<TARGET_FILE:sockwarden> ${PROJECT_VERSION}
                           > ${sbom} VERBATIM)
install(FILES ${sbom} DESTINATION ${CMAKE_INSTALL_DOCDIR})
add_custom_target(sockwarden-package-files ALL DEPENDS ${compressed} ${sbom})

set(CPACK_PACKAGE_NAME sockwarden)
set(CPACK_PACKAGE_VENDOR sockwarden)
set(CPACK_PACKAGE_CONTACT "sockwarden maintainers <maintainers@sockwarden.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION
"An event-driven proxy between the socket of a Docker or Podman engine and its
clients. Each client may do only what the policy of its listener grants;
streams live until a peer closes them.")
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
if(SOCKWARDEN_PACKED_RELOCATIONS)
    # dpkg-shlibdeps does not know from which version on the loader takes them.
    set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6 (>= 2.36)")
endif()
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "docker.io | podman")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    "${PROJECT_SOURCE_DIR}/docker/package/postinst;${PROJECT_SOURCE_DIR}/docker/package/prerm;${PROJECT_SOURCE_DIR}/docker/package/postrm;${PROJECT_SOURCE_DIR}/docker/package/conffiles")
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE "${SOCKWARDEN_LICENSE}")
set(CPACK_RPM_USER_FILELIST "%config(noreplace) ${SOCKWARDEN_CONFIG_DIR}/sockwarden.ini")
if(NOT CPACK_GENERATOR)
    set(CPACK_GENERATOR DEB)
endif()
include(CPack)
