# Two nodes, the lower does not hear the higher: after 4 T the higher gives way, and takes it back when healed.
nodes 200 100
start A B
run 3000
mark
cut A > B
run 2000
holders
dual
heal A > B
run 2000
holders
----
[    0.604] A vip0 standby -> claiming: nobody held it
[  150.704] A vip0 claiming -> holding: nobody held it
[  150.704] A vip0 holder - -> A: nobody held it
[  150.974] B vip0 holder - -> A: heard from it
[ 3151.016] B vip0 standby -> claiming (A): its holder died
[ 3151.116] B vip0 claiming -> holding (A): its holder died
[ 3151.116] B vip0 holder A -> B: its holder died
[ 3151.438] A vip0 rival - -> B: another node holds it too
[ 3551.438] A vip0 holding -> releasing: another holder does not hear this node
[ 3551.498] A vip0 releasing -> standby: another holder does not hear this node
[ 3551.498] A vip0 holder A -> B: another holder does not hear this node
= vip0: B
= two holders for 400.381 ms
[ 5552.348] A vip0 standby -> claiming (B): this node is preferred to the holder
[ 5552.654] B vip0 holding -> releasing (A): a preferred node claims it
[ 5552.714] B vip0 releasing -> standby (A): a preferred node claims it
[ 5552.951] A vip0 claiming -> holding (B): this node is preferred to the holder
[ 5552.951] A vip0 holder B -> A: the holder handed it over
[ 5553.048] B vip0 holder B -> A: a preferred node claims it
= vip0: A
