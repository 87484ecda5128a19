-- SPDX-License-Identifier: MIT
-- Wireshark dissector of vipgossip's datagrams (UDP port 7112), after SPEC.md beside this file.
--
--   tshark -X lua_script:vipgossip.lua -i any udp port 7112
--   tshark -X lua_script:vipgossip.lua -r capture.pcap -V -Y 'vipgossip.vip.state == 2'
--
-- It needs no key: MAC and signatures are shown, not verified. Nodes, VIPs and the cluster appear
-- as their ids; `vipgossip status` on a node knows their names.

local vipgossip = Proto("vipgossip", "vipgossip")

local PORT = 7112
local HEADER_BYTES = 48
local COUNTER_WILL = "18446744073709551615" -- of the last will [SPEC R44]
local VERSION = 1
local ELEMENTS_MAX = 64

local ITEMS = {[0] = "record", "question", "answer", "ask", "echo", "grant"}
local STATES = {[0] = "standby", "claiming", "holding", "releasing", "fault"}
local READINESS = {[0] = "no", "only if vacant", "yes"}
local MODES = {[0] = "available", "quorum"}
local AVAILABILITIES = {[0] = "unknown", "active", "pause", "drain"}
local WORDS = {[0] = "none", "part", "whole"}
local VERDICTS = {[0] = "granted", "promised", "deferred", "abstained", "refused"}
local FLAGS = {
    {"healthy", 0x01}, {"drained", 0x02}, {"witness", 0x04}, {"leaving", 0x08},
    {"sees a majority", 0x10, "majority"},
}

local RECORDS_MAX, OTHERS_MAX = 12, 4
local RECORD_BYTES_MAX = 1214
local SIGNATURE_BYTES = 64

-- Least and most of what has a range of its own [SPEC I1] to [SPEC F4]; {0, as many bits as the
-- field has} else.
local RANGES = {
    ["record.interval"] = {10, 10000}, ["record.next"] = {0, 100000}, ["record.flags"] = {0, 31},
    ["vip.priority"] = {1, 255}, ["vip.lease"] = {0, 60000}, ["item.key_id"] = {0, 255},
    ["vote.verdict"] = {0, 4}, ["vote.rest"] = {0, 60000},
}
for _, name in ipairs({"record.node", "record.incarnation", "record.seq", "unheard.node", "vip.id",
                       "question.id", "question.about", "answer.id", "ask.target", "ask.asker",
                       "echo.node", "echo.incarnation", "echo.seq", "echo.asker",
                       "grant.incarnation", "grant.seq", "vote.vip", "swarm.exception"}) do
    RANGES[name] = {1}
end

local fields = {}
local is_long = {} -- name -> has 64 bits

local function field(make, name, title, ...)
    local made = make("vipgossip." .. name, title, ...)
    fields[name] = made
    is_long[name] = make == ProtoField.uint64
end

local function id_field(name, title)
    field(ProtoField.uint32, name, title, base.HEX)
end

field(ProtoField.uint8, "version", "Version")
field(ProtoField.uint8, "key_id", "Key id of the MAC", base.HEX)
id_field("cluster", "Cluster")
id_field("sender", "Sender")
id_field("receiver", "Receiver")
field(ProtoField.uint64, "incarnation", "Incarnation of the sender", base.HEX)
field(ProtoField.uint64, "counter", "Counter")
field(ProtoField.bytes, "mac", "MAC (not verified)")

field(ProtoField.uint64, "item.type", "Type", base.DEC)
field(ProtoField.uint32, "item.age", "Age (us)")
field(ProtoField.uint8, "item.key_id", "Key id of the signature", base.HEX)
field(ProtoField.bytes, "item.signature", "Signature (not verified)")
field(ProtoField.bytes, "unknown", "Element of a later version")

id_field("record.node", "Node")
field(ProtoField.uint64, "record.incarnation", "Incarnation", base.HEX)
field(ProtoField.uint64, "record.seq", "Seq")
field(ProtoField.uint32, "record.interval", "T, its interval (ms)")
field(ProtoField.uint32, "record.next", "X, its next beat comes within (ms)")
id_field("record.config", "Configuration")
field(ProtoField.uint8, "record.flags", "Flags", base.HEX)
for _, flag in ipairs(FLAGS) do
    field(ProtoField.bool, "flag." .. (flag[3] or flag[1]), flag[1], 8, nil, flag[2])
end
id_field("unheard.node", "Node")
id_field("unheard.relay", "Relay that it chose")

id_field("vip.id", "VIP")
id_field("vip.addresses", "Addresses")
field(ProtoField.uint8, "vip.state", "State", base.DEC, STATES)
field(ProtoField.uint8, "vip.ready", "Readiness", base.DEC, READINESS)
field(ProtoField.uint8, "vip.mode", "Mode", base.DEC, MODES)
field(ProtoField.uint8, "vip.unhealthy", "Unhealthy for this VIP")
field(ProtoField.uint8, "vip.drained", "Drained for this VIP")
field(ProtoField.uint8, "vip.priority", "Priority")
field(ProtoField.uint32, "vip.lease", "Lease (ms)")
id_field("vip.elects", "Elects")
id_field("vip.released_to", "Released to")

field(ProtoField.uint8, "swarm.availability", "Availability in its swarm", base.DEC, AVAILABILITIES)
field(ProtoField.uint8, "swarm.word", "Word on the others", base.DEC, WORDS)
field(ProtoField.uint32, "swarm.index", "Index of the swarm's log")
field(ProtoField.uint64, "swarm.exception", "Drained or paused", base.HEX)

id_field("link.vip", "VIP of the link")
field(ProtoField.uint64, "link.own", "Own MAC address", base.HEX)
field(ProtoField.uint64, "link.seen", "MAC address of a foreign host that uses it", base.HEX)
id_field("link.verifies", "Holder that answers for it")
id_field("link.misses", "Holder that does not answer for it")

field(ProtoField.uint64, "question.id", "Id", base.HEX)
id_field("question.about", "About")
field(ProtoField.uint64, "answer.id", "Id of the question", base.HEX)
id_field("ask.target", "Target")
id_field("ask.asker", "Asker")
field(ProtoField.uint64, "ask.challenge", "Challenge", base.HEX)
id_field("echo.node", "Node")
field(ProtoField.uint64, "echo.incarnation", "Incarnation", base.HEX)
field(ProtoField.uint64, "echo.seq", "Seq")
id_field("echo.asker", "Asker")
field(ProtoField.uint64, "echo.challenge", "Challenge", base.HEX)
field(ProtoField.uint64, "grant.incarnation", "Incarnation", base.HEX)
field(ProtoField.uint64, "grant.seq", "Seq")
id_field("grant.voters", "Voters")
id_field("vote.vip", "VIP")
field(ProtoField.uint8, "vote.verdict", "Verdict", base.DEC, VERDICTS)
id_field("vote.holder", "Holder")
field(ProtoField.uint32, "vote.rest", "Rest (ms)")

for _, made in pairs(fields) do
    vipgossip.fields[#vipgossip.fields + 1] = made
end

local malformed = ProtoExpert.new("vipgossip.malformed", "Malformed",
                                  expert.group.MALFORMED, expert.severity.ERROR)
local other_version = ProtoExpert.new("vipgossip.other_version", "Another version",
                                      expert.group.UNDECODED, expert.severity.WARN)
vipgossip.experts = {malformed, other_version}

-- A cursor over the msgpack behind the header. What is wrong is an error() with a sentence, which
-- ends the item and is shown as an expert info.
local Cursor = {}
Cursor.__index = Cursor

local INTEGER = {[0xCC] = {1, 0x80}, [0xCD] = {2, 0x100}, [0xCE] = {4, 0x10000},
                 [0xCF] = {8, 0x100000000}}
local BYTES = {[0xC4] = {1, 0}, [0xC5] = {2, 0x100}}
local ARRAY = {[0xDC] = {2, 0x10}}
local SIMPLE = {[0xC0] = true, [0xC2] = true, [0xC3] = true}

local function complain(...)
    error({sentence = string.format(...)}, 0)
end

local function new_cursor(tvb, at, stop)
    return setmetatable({tvb = tvb, at = at, stop = stop}, Cursor)
end

function Cursor:take(count)
    if count > self.stop - self.at then
        complain("%d bytes do not follow", count)
    end
    local range = self.tvb(self.at, count)
    self.at = self.at + count
    return range
end

-- The number behind a first byte, as UInt64; `form` is {width, least number of that width}.
function Cursor:number(form)
    local range = self:take(form[1])
    local number = form[1] == 8 and range:uint64() or UInt64(range:uint())
    if number < UInt64(form[2] % 0x100000000, math.floor(form[2] / 0x100000000)) then
        complain("not the shortest form")
    end
    return number
end

-- An integer: its UInt64 and its range.
function Cursor:integer()
    local start = self.at
    local first = self:take(1):uint()
    local number
    if first < 0x80 then
        number = UInt64(first)
    elseif INTEGER[first] then
        number = self:number(INTEGER[first])
    else
        complain("%02x is no integer", first)
    end
    return number, self.tvb(start, self.at - start)
end

function Cursor:array(least, most)
    local first = self:take(1):uint()
    local count
    if first >= 0x90 and first <= 0x9F then
        count = first - 0x90
    elseif ARRAY[first] then
        count = self:number(ARRAY[first]):tonumber()
    else
        complain("%02x is no array", first)
    end
    if count < least or count > most then
        complain("an array of %d, not of %d to %d", count, least, most)
    end
    return count
end

function Cursor:bytes(least, most)
    local first = self:take(1):uint()
    if not BYTES[first] then
        complain("%02x is no byte string", first)
    end
    local length = self:number(BYTES[first]):tonumber()
    if length < least or length > most then
        complain("%d bytes, not %d to %d", length, least, most)
    end
    return self:take(length)
end

-- Steps over one value, however deep, without recursion; its range.
function Cursor:skip()
    local start = self.at
    local left = 1
    while left > 0 do
        left = left - 1
        local first = self:take(1):uint()
        if first >= 0x90 and first <= 0x9F then
            left = left + first - 0x90
        elseif ARRAY[first] then
            left = left + self:number(ARRAY[first]):tonumber()
        elseif BYTES[first] then
            self:take(self:number(BYTES[first]):tonumber())
        elseif INTEGER[first] then
            self:number(INTEGER[first])
        elseif first >= 0x80 and not SIMPLE[first] then
            complain("%02x is of no type that is allowed", first)
        end
    end
    return self.tvb(start, self.at - start)
end

-- Shown where it is, and dissected on: what is wrong with the value does not hide the rest.
local function mark(tree, ...)
    tree:add_proto_expert_info(malformed, "Malformed: " .. string.format(...))
end

-- Adds the next integer to the tree; returns it as UInt64.
local function add_integer(cursor, tree, name)
    local number, range = cursor:integer()
    local limits = RANGES[name] or {0}
    local added
    if is_long[name] then
        added = tree:add(fields[name], range, number)
    elseif number > UInt64(limits[2] or 0xFFFFFFFF) then
        complain("%s %s is out of its range", name, tostring(number))
    else
        added = tree:add(fields[name], range, number:tonumber())
    end
    if number < UInt64(limits[1]) then
        mark(added, "%s %s is out of its range", name, tostring(number))
    end
    return number
end

local function add_all(cursor, tree, prefix, names)
    local numbers = {}
    for _, name in ipairs(names) do
        numbers[name] = add_integer(cursor, tree, prefix .. name)
    end
    return numbers
end

local function add_unknown(cursor, tree, count)
    for _ = 1, count do
        tree:add(fields["unknown"], cursor:skip())
    end
end

local function hex_id(number)
    return string.format("%08x", number:tonumber())
end

-- A subtree for one array; `dissect(tree, count)` returns what is said of it.
local function in_array(cursor, tree, title, least, dissect)
    local start = cursor.at
    local subtree = tree:add(vipgossip, cursor.tvb(start, 0), title)
    local count = cursor:array(least, ELEMENTS_MAX)
    local said, more = dissect(subtree, count)
    add_unknown(cursor, subtree, count - least - (more or 0))
    subtree:set_len(cursor.at - start)
    subtree:append_text(said)
    return said
end

local function dissect_unheard(cursor, tree)
    in_array(cursor, tree, "Not heard directly", 3, function(subtree)
        local node = add_integer(cursor, subtree, "unheard.node")
        add_integer(cursor, subtree, "unheard.relay")
        add_integer(cursor, subtree, "unheard.relay")
        return ": " .. hex_id(node)
    end)
end

-- [SPEC F4]
local function dissect_conduct(cursor, tree)
    local number, range = cursor:integer()
    local conduct = number > UInt64(255) and 255 or number:tonumber()
    local state, ready = conduct % 8, math.floor(conduct / 8) % 4
    local mode, unhealthy = math.floor(conduct / 32) % 2, math.floor(conduct / 64) % 2
    if number > UInt64(255) or not (STATES[state] and READINESS[ready]) then
        complain("no such conduct: %s", tostring(number))
    end
    tree:add(fields["vip.state"], range, state)
    tree:add(fields["vip.ready"], range, ready)
    tree:add(fields["vip.mode"], range, mode)
    tree:add(fields["vip.unhealthy"], range, unhealthy)
    tree:add(fields["vip.drained"], range, math.floor(conduct / 128))
    return STATES[state]
end

-- Returns the VIP's state. `seen` are the ids of those before it [SPEC F5].
local function dissect_vip(cursor, tree, seen)
    local state
    in_array(cursor, tree, "VIP", 7, function(subtree)
        local vip = add_integer(cursor, subtree, "vip.id")
        if seen[hex_id(vip)] then
            mark(subtree, "VIP %s twice", hex_id(vip))
        end
        seen[hex_id(vip)] = true
        add_integer(cursor, subtree, "vip.addresses")
        state = dissect_conduct(cursor, subtree)
        local priority = add_integer(cursor, subtree, "vip.priority")
        add_all(cursor, subtree, "vip.", {"lease", "elects", "released_to"})
        return string.format(" %s: %s, priority %d", hex_id(vip), state, priority:tonumber())
    end)
    return state
end

local function add_flags(cursor, tree)
    local number, range = cursor:integer()
    if number > UInt64(RANGES["record.flags"][2]) then
        complain("no such flags: %s", tostring(number))
    end
    local flags = number:tonumber()
    local subtree = tree:add(fields["record.flags"], range, flags)
    local names = {}
    for _, flag in ipairs(FLAGS) do
        subtree:add(fields["flag." .. (flag[3] or flag[1])], range, flags)
        if math.floor(flags / flag[2]) % 2 == 1 then
            names[#names + 1] = flag[1]
        end
    end
    subtree:append_text(" (" .. (#names > 0 and table.concat(names, ", ") or "none") .. ")")
end

-- [SPEC F7]
local function dissect_swarm(cursor, tree)
    in_array(cursor, tree, "Swarm", 3, function(subtree)
        local number, range = cursor:integer()
        if number > UInt64(11) then
            complain("no such conduct in a swarm: %s", tostring(number))
        end
        local availability, word = number:tonumber() % 4, math.floor(number:tonumber() / 4)
        if number == UInt64(0) then
            -- A record that says nothing of a swarm, at length.
            local index = cursor:integer()
            if index > UInt64(0xFFFFFFFF) then
                complain("swarm.index %s is out of its range", tostring(index))
            end
        else
            subtree:add(fields["swarm.availability"], range, availability)
            subtree:add(fields["swarm.word"], range, word)
            add_integer(cursor, subtree, "swarm.index")
        end
        local count = cursor:array(0, 64)
        if count > 0 and word == 0 then
            mark(subtree, "exceptions without a word")
        end
        for _ = 1, count do
            local exception = add_integer(cursor, subtree, "swarm.exception")
            if exception:lower() % 4 < 2 then
                mark(subtree, "an exception that is none")
            end
        end
        return string.format(": %s, %d drained or paused", AVAILABILITIES[availability], count)
    end)
end

-- [SPEC F8]
local function dissect_link(cursor, tree)
    in_array(cursor, tree, "Link", 3, function(subtree, elements)
        add_integer(cursor, subtree, "link.vip")
        for _, name in ipairs({"link.own", "link.seen"}) do
            local mac = add_integer(cursor, subtree, name)
            if mac:higher() > 0xFFFF or math.floor(mac:higher() / 256) % 2 == 1 then
                mark(subtree, "%s is no MAC address of one host", name)
            end
        end
        local more = math.min(elements - 3, 2)
        for at = 1, more do
            add_integer(cursor, subtree, ({"link.verifies", "link.misses"})[at])
        end
        return "", more
    end)
end

-- [SPEC F3]
local function dissect_record(outer, tree)
    local bytes = outer:bytes(1, RECORD_BYTES_MAX)
    local cursor = new_cursor(outer.tvb, bytes:offset(), bytes:offset() + bytes:len())
    local said
    in_array(cursor, tree, "Record", 9, function(subtree, elements)
        local numbers = add_all(cursor, subtree, "record.",
                                {"node", "incarnation", "seq", "interval", "next", "config"})
        add_flags(cursor, subtree)
        for _ = 1, cursor:array(0, 16) do
            dissect_unheard(cursor, subtree)
        end
        local counts, seen = {}, {}
        for _ = 1, cursor:array(0, 32) do
            local state = dissect_vip(cursor, subtree, seen)
            counts[state] = (counts[state] or 0) + 1
        end
        if elements > 9 then
            dissect_swarm(cursor, subtree)
        end
        if elements > 10 then
            dissect_link(cursor, subtree)
        end
        if numbers.node == UInt64(outer.tvb(8, 4):uint())
                and numbers.incarnation ~= outer.tvb(16, 8):uint64() then
            mark(subtree, "another incarnation than the header's")
        end
        said = string.format(" of %s, seq %s", hex_id(numbers.node), tostring(numbers.seq))
        for at = 0, #STATES do
            if counts[STATES[at]] then
                said = said .. string.format(", %s %d", STATES[at], counts[STATES[at]])
            end
        end
        return said, math.min(elements, 11) - 9
    end)
    if cursor.at ~= cursor.stop then
        complain("something follows the record")
    end
    return said
end

local function add_signature(cursor, tree)
    add_integer(cursor, tree, "item.key_id")
    tree:add(fields["item.signature"], cursor:bytes(SIGNATURE_BYTES, SIGNATURE_BYTES))
end

-- [SPEC I8]; `seen` are the ids of the VIPs before it.
local function dissect_vote(cursor, tree, seen)
    in_array(cursor, tree, "Vote", 4, function(subtree)
        local numbers = add_all(cursor, subtree, "vote.", {"vip", "verdict", "holder", "rest"})
        if seen[hex_id(numbers.vip)] then
            mark(subtree, "VIP %s twice", hex_id(numbers.vip))
        end
        seen[hex_id(numbers.vip)] = true
        return string.format(" on %s: %s", hex_id(numbers.vip),
                             VERDICTS[numbers.verdict:tonumber()])
    end)
end

-- Type -> {elements with the type, how many in a datagram, dissector that returns what is said of
-- the item}.
local DISSECTORS = {
    [0] = {5, RECORDS_MAX, function(cursor, tree)
        add_integer(cursor, tree, "item.age")
        add_signature(cursor, tree)
        return dissect_record(cursor, tree)
    end},
    {3, 1, function(cursor, tree)
        add_integer(cursor, tree, "question.id")
        local count = cursor:array(0, 8)
        for _ = 1, count do
            add_integer(cursor, tree, "question.about")
        end
        return count > 0 and string.format(" about %d", count) or ""
    end},
    {2, 1, function(cursor, tree)
        add_integer(cursor, tree, "answer.id")
        return ""
    end},
    {4, OTHERS_MAX, function(cursor, tree)
        local numbers = add_all(cursor, tree, "ask.", {"target", "asker", "challenge"})
        return " to " .. hex_id(numbers.target)
    end},
    {8, OTHERS_MAX, function(cursor, tree)
        local numbers = add_all(cursor, tree, "echo.",
                                {"node", "incarnation", "seq", "asker", "challenge"})
        add_signature(cursor, tree)
        return " of " .. hex_id(numbers.node)
    end},
    {5, 1, function(cursor, tree)
        local numbers = add_all(cursor, tree, "grant.", {"incarnation", "seq", "voters"})
        local seen = {}
        for _ = 1, cursor:array(1, 32) do
            dissect_vote(cursor, tree, seen)
        end
        return " of seq " .. tostring(numbers.seq)
    end},
}

-- One item [SPEC I1]; what is said of it in the column Info. `seen` counts those before it by type.
local function dissect_item(cursor, tree, seen)
    local count = cursor:array(1, ELEMENTS_MAX)
    local kind = add_integer(cursor, tree, "item.type")
    local number = kind < UInt64(#DISSECTORS + 1) and kind:tonumber() or nil
    local name = number and ITEMS[number] or "unknown item"
    local listed = number and DISSECTORS[number][1] or 1
    tree:append_text(": " .. name)
    if count < listed then
        complain("%s of %d elements", name, count)
    end
    if number then
        seen[number] = (seen[number] or 0) + 1
        if seen[number] > DISSECTORS[number][2] then
            mark(tree, "more than %d of this type", DISSECTORS[number][2])
        end
    end
    local said = number and DISSECTORS[number][3](cursor, tree) or ""
    add_unknown(cursor, tree, count - listed)
    tree:append_text(said)
    return name .. said
end

local function dissect_header(tvb, tree)
    tree:add(fields["version"], tvb(2, 1))
    tree:add(fields["key_id"], tvb(3, 1))
    tree:add(fields["cluster"], tvb(4, 4))
    tree:add(fields["sender"], tvb(8, 4))
    tree:add(fields["receiver"], tvb(12, 4))
    local incarnation = tree:add(fields["incarnation"], tvb(16, 8))
    if tvb(16, 8):uint64() == UInt64(0) then
        mark(incarnation, "incarnation 0")
    end
    local counter = tree:add(fields["counter"], tvb(24, 8))
    if tostring(tvb(24, 8):uint64()) == COUNTER_WILL then
        counter:append_text(" (last will)")
    end
    tree:add(fields["mac"], tvb(32, 16))
end

-- All items; a sentence for each. Ends at the first that is malformed: where the next begins is
-- not known then.
local function dissect_items(tvb, tree)
    local cursor = new_cursor(tvb, HEADER_BYTES, tvb:len())
    local said, seen = {}, {}
    if cursor.at == cursor.stop then
        mark(tree, "no item")
    end
    while cursor.at < cursor.stop do
        local start = cursor.at
        local item = tree:add(vipgossip, tvb(start), "Item")
        local good, result = pcall(dissect_item, cursor, item, seen)
        if not good then
            local sentence = type(result) == "table" and result.sentence or tostring(result)
            mark(item, "%s", sentence)
            said[#said + 1] = "malformed"
            break
        end
        item:set_len(cursor.at - start)
        said[#said + 1] = result
    end
    return said
end

function vipgossip.dissector(tvb, pinfo, tree)
    if tvb:len() < HEADER_BYTES or tvb(0, 2):string() ~= "vg" then
        return 0
    end
    pinfo.cols.protocol = "vipgossip"
    local subtree = tree:add(vipgossip, tvb())
    dissect_header(tvb, subtree)
    local counter = tostring(tvb(24, 8):uint64())
    local info = string.format("%08x > %08x %s", tvb(8, 4):uint(), tvb(12, 4):uint(),
                               counter == COUNTER_WILL and "last will" or "#" .. counter)
    if tvb(2, 1):uint() ~= VERSION then
        subtree:add_proto_expert_info(other_version)
        pinfo.cols.info = info .. "  version " .. tvb(2, 1):uint()
        return tvb:len()
    end
    pinfo.cols.info = info .. "  " .. table.concat(dissect_items(tvb, subtree), "; ")
    return tvb:len()
end

DissectorTable.get("udp.port"):add(PORT, vipgossip)
