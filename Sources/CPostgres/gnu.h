#pragma once
// glibc declares these only with _GNU_SOURCE, which Swift's module of glibc does not define.
#include <spawn.h>
#include <sys/types.h>

extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *_Nonnull actions, int from);
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *_Nonnull actions,
                                                const char *_Nonnull path);
extern int memfd_create(const char *_Nonnull name, unsigned int flags);
enum { memfd_close_on_exec = 1 /* MFD_CLOEXEC */ };
enum { posix_spawn_new_session = 0x80 /* POSIX_SPAWN_SETSID */ };
