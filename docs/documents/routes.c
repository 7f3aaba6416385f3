#include "documents.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { DIALECTS_MAX = 8, ROUTES_MAX = 1024, NAME_SIZE = 64 };

/* What would grant each route, in the words of a dialect. */
struct column {
    const char *dialect;
    char *needs[ROUTES_MAX];
    size_t count;
};

struct page {
    FILE *output;
    struct column columns[DIALECTS_MAX];
    size_t column_count;
    size_t row;
    bool podman; /* the routes of Podman's own are being written */
};

static void
keep_need(void *owner, const struct policy_route *route)
{
    struct column *column = owner;
    const char *need = route->cure;
    if (route->verdict == ROUTE_ALLOWED)
        need = "granted";
    else if (strncmp(need, "needs ", 6) == 0)
        need += 6;
    else
        need = "";
    if (column->count < ROUTES_MAX)
        column->needs[column->count++] = strdup(need);
}

static void
add_column(void *owner, const char *word, const char *product)
{
    struct page *page = owner;
    char variable[NAME_SIZE];
    char *environment[] = {variable, NULL};
    (void)product;
    if (page->column_count == DIALECTS_MAX)
        return;
    snprintf(variable, sizeof(variable), "DIALECT=%s", word);
    struct policy *policy = policy_from_environment(environment);
    struct column *column = &page->columns[page->column_count++];
    column->dialect = word;
    if (policy != NULL)
        policy_routes(policy, keep_need, column);
    policy_unref(policy);
}

static void
write_route(void *owner, const struct policy_route *route)
{
    struct page *page = owner;
    size_t row = page->row++;
    bool podman = strncmp(route->template, "/libpod/", 8) == 0;
    if (podman != page->podman)
        return;
    fprintf(page->output, "| `%s %s` | `%s` |", route->method, route->template, route->operation);
    for (const char *at = route->classes; *at != '\0'; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        fprintf(page->output, " @%.*s", (int)length, at);
        at += length;
    }
    fputs(" |", page->output);
    for (size_t i = 0; i < page->column_count; i++) {
        fputc(' ', page->output);
        if (row < page->columns[i].count && page->columns[i].needs[row] != NULL)
            markdown_cell(page->output, page->columns[i].needs[row]);
        fputs(" |", page->output);
    }
    fputc('\n', page->output);
}

static void
write_table(struct page *page, bool podman, const struct policy *policy)
{
    page->podman = podman;
    page->row = 0;
    fputs("\n| call | operation | classes |", page->output);
    for (size_t i = 0; i < page->column_count; i++)
        fprintf(page->output, " %s |", page->columns[i].dialect);
    fputs("\n|---|---|---|", page->output);
    for (size_t i = 0; i < page->column_count; i++)
        fputs("---|", page->output);
    fputc('\n', page->output);
    policy_routes(policy, write_route, page);
}

static void
drop_columns(struct page *page)
{
    for (size_t i = 0; i < page->column_count; i++)
        for (size_t j = 0; j < page->columns[i].count; j++)
            free(page->columns[i].needs[j]);
}

void
write_routes(FILE *output)
{
    struct page *page = calloc(1, sizeof(*page));
    struct policy_builder *builder = policy_builder_new(NULL);
    struct policy *nothing = builder != NULL ? policy_builder_finish(builder) : NULL;
    if (page != NULL && nothing != NULL) {
        page->output = output;
        policy_dialects(add_column, page);
        fputs("<!-- Made by sockwarden-documents from the tables of the program; do not edit. -->\n"
              "# Routes\n"
              "\n"
              "Every call that an engine routes: what rules call it (`allow = ContainerList`, `allow = @read`,\n"
              "`allow = GET /containers/json`), and the switches that grant it in each dialect. \"granted\" is what a "
              "dialect\n"
              "grants without a switch; where nothing stands none of its switches grants the call. A GET includes the "
              "HEAD of\n"
              "the same path. `{name...}` may have slashes in it. `sockwarden routes` shows the same list with the "
              "verdicts\n"
              "of your policy.\n"
              "\n"
              "## Docker\n",
              output);
        write_table(page, false, nothing);
        fputs("\n## Podman\n\nBelow its own prefix; Podman serves Docker's calls as well.\n", output);
        write_table(page, true, nothing);
        drop_columns(page);
    }
    policy_unref(nothing);
    free(page);
}
