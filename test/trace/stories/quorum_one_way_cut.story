# Mode quorum, two nodes and a witness: the holder hears everybody and is heard by nobody.
nodes 200 150 100
mode quorum
witness C
start A B C
run 12000
mark
cut A > B
cut A > C
run 3000
holders
dual
gap
heal A B
heal A C
run 3000
holders
dual
----
[    0.520] A vip0 standby -> claiming: nobody held it
[    0.630] B vip0 standby -> claiming: nobody held it
[    0.673] B vip0 claiming -> standby: another node is elected
[10000.826] A vip0 claiming -> holding: nobody held it
[10000.826] A vip0 holder - -> A: nobody held it
[10000.886] C vip0 holder - -> A: heard from it
[10000.982] B vip0 holder - -> A: heard from it
[12101.057] B vip0 standby -> claiming (A): its holder died
[12222.019] A vip0 holding -> releasing: the majority of the voters was lost
[12222.079] A vip0 releasing -> standby: the majority of the voters was lost
[12301.565] B vip0 claiming -> holding (A): its holder died
[12301.565] B vip0 holder A -> B: its holder died
[12301.801] C vip0 holder A -> B: its holder died
[12301.882] A vip0 holder A -> B: the majority of the voters was lost
= vip0: B
= two holders for 0.000 ms
= no holder for 79.487 ms at most
[15002.643] A vip0 standby -> claiming (B): this node is preferred to the holder
[15002.815] B vip0 holding -> releasing (A): a preferred node claims it
[15002.875] B vip0 releasing -> standby (A): a preferred node claims it
[15003.052] A vip0 claiming -> holding (B): this node is preferred to the holder
[15003.052] A vip0 holder B -> A: the holder handed it over
[15003.138] B vip0 holder B -> A: a preferred node claims it
[15003.178] C vip0 holder B -> A: the holder handed it over
= vip0: A
= two holders for 0.000 ms
