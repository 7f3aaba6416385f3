#ifndef SOCKWARDEN_PROXY_REAPER_H
#define SOCKWARDEN_PROXY_REAPER_H

/*
 * The one place where objects of the loop are freed. A callback of libevent may be running on an object's stack frame
 * when that object is closed, so closing only hands it over here; the memory goes once the callbacks that are active
 * now have returned. Any module of proxy/ may hand over an object that embeds a reaper_entry; after that it must not
 * be used. An entry is handed over once.
 */

struct event_base;
struct reaper;

struct reaper_entry {
    struct reaper_entry *next;
    void (*free)(struct reaper_entry *entry);
};

/* Returns NULL when memory is short. The base must outlive the reaper. */
struct reaper *reaper_new(struct event_base *base);

/* Frees what is still waiting, then the reaper. NULL is let pass. */
void reaper_free(struct reaper *reaper);

/* `free` is called with `entry` at the end of this turn of the loop. */
void reaper_take(struct reaper *reaper, struct reaper_entry *entry, void (*free)(struct reaper_entry *entry));

#endif
