# Mode quorum: the holder's engine is stalled for longer than the lease. Its keeper removes the address
# at the deadline; only then another one has the votes.
nodes 200 150 100
mode quorum
start A B C
run 12000
mark
stall A 1500
run 4000
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
[12101.057] B vip0 standby -> claiming (A): its holder died
[12301.489] B vip0 claiming -> holding (A): its holder died
[12301.489] B vip0 holder A -> B: its holder died
[12301.798] C vip0 holder A -> B: its holder died
[13500.000] A vip0 holding -> releasing: this node missed its own deadline and the keeper removed the address
[13500.056] B vip0 holder B -> A: its holder died
[13500.060] A vip0 releasing -> standby: this node missed its own deadline and the keeper removed the address
[13500.060] A vip0 holder A -> B: this node missed its own deadline and the keeper removed the address
[13500.134] B vip0 holder A -> B: the holder handed it over
[13500.290] A vip0 standby -> claiming (B): this node is preferred to the holder
[13500.414] B vip0 holding -> releasing (A): a preferred node claims it
[13500.474] B vip0 releasing -> standby (A): a preferred node claims it
[13500.813] A vip0 claiming -> holding (B): this node is preferred to the holder
[13500.813] A vip0 holder B -> A: the holder handed it over
[13500.979] B vip0 holder B -> A: a preferred node claims it
[13501.045] C vip0 holder B -> A: the holder handed it over
= vip0: A
= two holders for 0.000 ms
= no holder for 69.470 ms at most
