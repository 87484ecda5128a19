# A network lets heartbeats through and drops what speaks for the VIP: every standby says so, and when the holder can be reached again.
nodes 200 150 100
start A B C
run 10000
verified A
verified C
say from now on the address is swallowed
swallow on
run 30000
verified A
verified B
say a holder that was handed it is asked for anew
condition A drained
run 1000
verified A
run 10000
verified A
swallow off
run 30000
verified A
verified C
----
[    0.393] A vip0 standby -> claiming: nobody held it
[  150.493] A vip0 claiming -> holding: nobody held it
[  150.493] A vip0 holder - -> A: nobody held it
[  150.673] B vip0 holder - -> A: heard from it
[  150.815] C vip0 holder - -> A: heard from it
= A sees it verified by B C, unverified by
= C sees it verified by B C, unverified by
# from now on the address is swallowed
[14778.363] C vip0 verified -> unverified (A): asked on the wire who has the address, the holder does not answer
[25683.421] B vip0 verified -> unverified (A): asked on the wire who has the address, the holder does not answer
= A sees it verified by, unverified by B C
= B sees it verified by, unverified by B C
# a holder that was handed it is asked for anew
[40000.064] B vip0 standby -> claiming (A): the holder is drained
[40000.399] A vip0 holding -> releasing (B): a preferred node claims it
[40000.459] A vip0 releasing -> standby (B): a preferred node claims it
[40000.815] B vip0 claiming -> holding (A): the holder is drained
[40000.815] B vip0 holder A -> B: the holder handed it over
[40000.948] A vip0 holder A -> B: a preferred node claims it
[40001.065] C vip0 holder A -> B: the holder handed it over
= A sees it verified by, unverified by
[44124.852] C vip0 unknown -> unverified (B): asked on the wire who has the address, the holder does not answer
[44824.300] A vip0 unknown -> unverified (B): asked on the wire who has the address, the holder does not answer
= A sees it verified by, unverified by A C
[51441.934] C vip0 unverified -> verified (B): the holder answers on the wire
[54289.442] A vip0 unverified -> verified (B): the holder answers on the wire
= A sees it verified by A C, unverified by
= C sees it verified by A C, unverified by
