/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/plugin/recall.h"

#include "probe/state_file.h"

void recall_load(struct engine *engine, const char *path, const struct target *target,
                 struct arena *arena)
{
	struct state state;
	struct error damage;
	const struct memory_record *record;

	if (!state_file_load(&state, arena, path, &damage))
		engine_tell_damage(engine, arena_copy(arena, str_of(damage.text)));
	record = state_find(&state, str_of(target->address));
	if (record)
		memory_put(engine_memory(engine), target->address, record);
}

bool recall_save(const struct engine *engine, const char *path,
                 const struct target *target, struct error *err)
{
	struct arena *arena = arena_create();
	struct memory_record record;
	bool kept = true;

	if (memory_get(&record, engine_memory(engine), arena, target->address))
		kept = state_file_save(path, target->address, &record, err);
	arena_destroy(arena);
	return kept;
}
