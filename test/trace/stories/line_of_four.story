# A - B - C - D in a line: each hears only its neighbours. One holder, also after it has restarted.
nodes 200 150 100 50
start
cut A C
cut A D
cut B D
start A B C D
run 5000
holders
mark
run 20000
holders
dual
crash A
run 3000
start A
run 5000
holders
----
[  133.425] A vip0 standby -> claiming: nobody held it
[  133.525] A vip0 claiming -> holding: nobody held it
[  133.525] A vip0 holder - -> A: nobody held it
[  133.827] B vip0 holder - -> A: heard from it
[  134.030] C vip0 holder - -> A: heard from it
[  134.343] D vip0 holder - -> A: heard from it
= vip0: A
= vip0: A
= two holders for 0.000 ms
[25133.799] B vip0 standby -> claiming (A): its holder died
[25133.899] B vip0 claiming -> holding (A): its holder died
[25133.899] B vip0 holder A -> B: its holder died
[25134.166] C vip0 holder A -> B: its holder died
[25134.452] D vip0 holder A -> B: its holder died
[28000.492] A vip0 holder - -> B: heard from it
[28077.905] A vip0 standby -> claiming (B): this node is preferred to the holder
[28078.206] B vip0 holding -> releasing (A): a preferred node claims it
[28078.266] B vip0 releasing -> standby (A): a preferred node claims it
[28078.580] A vip0 claiming -> holding (B): this node is preferred to the holder
[28078.580] A vip0 holder B -> A: the holder handed it over
[28078.669] B vip0 holder B -> A: a preferred node claims it
[28078.821] C vip0 holder B -> A: the holder handed it over
[28079.146] D vip0 holder B -> A: the holder handed it over
= vip0: A
