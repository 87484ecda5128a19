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
[12101.971] B vip0 standby -> claiming (A): its holder died
[12223.104] A vip0 holding -> releasing: the majority of the voters was lost
[12223.164] A vip0 releasing -> standby: the majority of the voters was lost
[12302.573] B vip0 claiming -> holding (A): its holder died
[12302.573] B vip0 holder A -> B: its holder died
[12302.709] A vip0 holder A -> B: the majority of the voters was lost
[12302.860] C vip0 holder A -> B: its holder died
= vip0: B
= two holders for 0.000 ms
= no holder for 79.409 ms at most
[15004.861] A vip0 standby -> claiming (B): this node is preferred to the holder
[15005.108] B vip0 holding -> releasing (A): a preferred node claims it
[15005.168] B vip0 releasing -> standby (A): a preferred node claims it
[15005.411] A vip0 claiming -> holding (B): this node is preferred to the holder
[15005.411] A vip0 holder B -> A: the holder handed it over
[15005.591] C vip0 holder B -> A: the holder handed it over
[15005.637] B vip0 holder B -> A: a preferred node claims it
= vip0: A
= two holders for 0.000 ms
