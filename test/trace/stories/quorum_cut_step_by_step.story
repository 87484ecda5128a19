# Mode quorum, two nodes and a witness: the holder is cut off from one, then from the other. The second
# has to wait until the witness is free, and asks exactly then.
nodes 200 100 50
mode quorum
witness C
start A B C
run 12000
cut A B
run 1000
mark
cut A C
run 2000
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
[13132.881] B vip0 standby -> claiming (A): its holder died
[13253.660] A vip0 holding -> releasing: the majority of the voters was lost
[13253.720] A vip0 releasing -> standby: the majority of the voters was lost
[13253.720] A vip0 standby -> claiming: nobody held it
[13333.579] B vip0 claiming -> holding (A): its holder died
[13333.579] B vip0 holder A -> B: its holder died
[13333.814] C vip0 holder A -> B: its holder died
[13403.720] A vip0 claiming -> standby: a majority of the voters did not grant it
[13503.720] A vip0 holder A -> -: a majority of the voters did not grant it
= vip0: B
= two holders for 0.000 ms
= no holder for 79.859 ms at most
