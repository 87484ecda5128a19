# Mode quorum, five nodes: the holder is cut off with one other; it gives up before others take over,
# and gets it back when the cut is healed.
nodes 250 200 150 100 50
mode quorum
start A B C D E
run 12000
mark
say A and B are cut off from C, D and E
cut A C
cut A D
cut A E
cut B C
cut B D
cut B E
run 3000
holders
dual
gap
say the cut is healed
heal A C
heal A D
heal A E
heal B C
heal B D
heal B E
run 3000
holders
dual
gap
----
[    0.461] D vip0 standby -> claiming: nobody held it
[    0.619] E vip0 standby -> claiming: nobody held it
[    0.681] B vip0 standby -> claiming: nobody held it
[    0.691] E vip0 claiming -> standby: another node is elected
[    0.706] D vip0 claiming -> standby: another node is elected
[    0.739] A vip0 standby -> claiming: nobody held it
[    0.814] B vip0 claiming -> standby: another node is elected
[10001.089] A vip0 claiming -> holding: nobody held it
[10001.089] A vip0 holder - -> A: nobody held it
[10001.287] E vip0 holder - -> A: heard from it
[10001.313] B vip0 holder - -> A: heard from it
[10001.394] D vip0 holder - -> A: heard from it
[10001.439] C vip0 holder - -> A: heard from it
# A and B are cut off from C, D and E
[12101.419] C vip0 standby -> claiming (A): its holder died
[12222.277] A vip0 holding -> releasing: the majority of the voters was lost
[12222.337] A vip0 releasing -> standby: the majority of the voters was lost
[12222.337] A vip0 standby -> claiming: nobody held it
[12301.931] C vip0 claiming -> holding (A): its holder died
[12301.931] C vip0 holder A -> C: its holder died
[12302.218] E vip0 holder A -> C: its holder died
[12302.238] D vip0 holder A -> C: its holder died
[12372.337] A vip0 claiming -> standby: a majority of the voters did not grant it
[12472.337] A vip0 holder A -> -: a majority of the voters did not grant it
[12472.406] B vip0 holder A -> -: the holder handed it over
= vip0: C
= two holders for 0.000 ms
= no holder for 79.594 ms at most
# the cut is healed
[15002.594] A vip0 holder - -> C: nobody held it
[15002.610] B vip0 holder - -> C: nobody held it
[15002.768] A vip0 standby -> claiming (C): this node is preferred to the holder
[15002.991] C vip0 holding -> releasing (A): a preferred node claims it
[15003.051] C vip0 releasing -> standby (A): a preferred node claims it
[15003.523] A vip0 claiming -> holding (C): this node is preferred to the holder
[15003.523] A vip0 holder C -> A: the holder handed it over
[15003.608] E vip0 holder C -> A: the holder handed it over
[15003.698] D vip0 holder C -> A: the holder handed it over
[15003.784] B vip0 holder C -> A: the holder handed it over
[15003.836] C vip0 holder C -> A: a preferred node claims it
= vip0: A
= two holders for 0.000 ms
= no holder for 79.594 ms at most
