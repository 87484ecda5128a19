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
[10000.889] A vip0 claiming -> holding: nobody held it
[10000.889] A vip0 holder - -> A: nobody held it
[10000.999] C vip0 holder - -> A: heard from it
[10001.165] B vip0 holder - -> A: heard from it
[12100.986] B vip0 standby -> claiming (A): its holder died
[12222.084] A vip0 holding -> releasing: the majority of the voters was lost
[12222.144] A vip0 releasing -> standby: the majority of the voters was lost
[12301.588] B vip0 claiming -> holding (A): its holder died
[12301.588] B vip0 holder A -> B: its holder died
[12301.724] A vip0 holder A -> B: the majority of the voters was lost
[12301.875] C vip0 holder A -> B: its holder died
= vip0: B
= two holders for 0.000 ms
= no holder for 79.444 ms at most
[15002.472] A vip0 standby -> claiming (B): this node is preferred to the holder
[15002.718] B vip0 holding -> releasing (A): a preferred node claims it
[15002.778] B vip0 releasing -> standby (A): a preferred node claims it
[15003.004] A vip0 claiming -> holding (B): this node is preferred to the holder
[15003.004] A vip0 holder B -> A: the holder handed it over
[15003.076] C vip0 holder B -> A: the holder handed it over
[15003.236] B vip0 holder B -> A: a preferred node claims it
= vip0: A
= two holders for 0.000 ms
