// SPDX-License-Identifier: MIT
#include "keeper/lookup.h"

#include <stdlib.h>
#include <string.h>

static int compare_entries(const void *left, const void *right)
{
    const struct lookup_entry *a = left;
    const struct lookup_entry *b = right;

    if (a->address.family != b->address.family)
        return a->address.family < b->address.family ? -1 : 1;
    return memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes));
}

void lookup_build(const struct conf *conf, struct lookup *ret)
{
    ret->count = 0;
    for (unsigned vip = 0; vip < conf->vip_count; vip++) {
        const struct conf_vip *section = &conf->vips[vip];

        for (unsigned i = 0; i < section->address_count; i++) {
            const unsigned index = section->address_first + i;

            ret->entries[ret->count++] = (struct lookup_entry){
                .address = conf->addresses[index], .index = (uint16_t)index, .vip = (uint8_t)vip};
        }
    }
    qsort(ret->entries, ret->count, sizeof(ret->entries[0]), compare_entries);
}

const struct lookup_entry *lookup_find(const struct lookup *lookup,
                                       const struct conf_address *address)
{
    const struct lookup_entry key = {.address = *address};

    return bsearch(&key, lookup->entries, lookup->count, sizeof(lookup->entries[0]),
                   compare_entries);
}
