# Mode quorum, two nodes and a witness: the holder's node dies; its lease has to run out first.
nodes 200 100 50
mode quorum
witness C
start A B C
run 14030
say the holder dies
mark
crash A
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
# the holder dies
[14200.993] B vip0 standby -> claiming (A): its holder died
[14401.568] B vip0 claiming -> holding (A): its holder died
[14401.568] B vip0 holder A -> B: its holder died
[14401.698] C vip0 holder A -> B: its holder died
= vip0: B
= two holders for 0.000 ms
= no holder for 371.568 ms at most
