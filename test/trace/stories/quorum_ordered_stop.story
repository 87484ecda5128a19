# Mode quorum: the holder is told to stop. Its vote goes to the next with the release.
nodes 200 150 100
mode quorum
start A B C
run 12000
mark
stop A
run 1000
holders
dual
gap
----
[    0.520] A vip0 standby -> claiming: nobody held it
[    0.630] B vip0 standby -> claiming: nobody held it
[    0.673] B vip0 claiming -> standby: another node is elected
[10000.826] A vip0 claiming -> holding: nobody held it
[10000.826] A vip0 holder - -> A: nobody held it
[10000.886] C vip0 holder - -> A: heard from it
[10000.982] B vip0 holder - -> A: heard from it
[12000.000] A vip0 holding -> releasing (B): this node stops in order
[12000.060] A vip0 releasing -> standby (B): this node stops in order
[12000.128] B vip0 standby -> claiming (A): the holder handed it over
[12000.813] B vip0 claiming -> holding (A): the holder handed it over
[12000.813] B vip0 holder A -> B: its holder stopped in order
[12001.038] C vip0 holder A -> B: its holder stopped in order
[12001.122] A vip0 holder A -> B: this node stops in order
[12015.060] A stopped
= vip0: B
= two holders for 0.000 ms
= no holder for 0.753 ms at most
