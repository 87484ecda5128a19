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
[  127.494] A vip0 standby -> claiming: nobody held it
[  127.594] A vip0 claiming -> holding: nobody held it
[  127.594] A vip0 holder - -> A: nobody held it
[  127.686] B vip0 holder - -> A: heard from it
[  127.956] C vip0 holder - -> A: heard from it
[  128.203] D vip0 holder - -> A: heard from it
= vip0: A
= vip0: A
= two holders for 0.000 ms
[25127.849] B vip0 standby -> claiming (A): its holder died
[25127.949] B vip0 claiming -> holding (A): its holder died
[25127.949] B vip0 holder A -> B: its holder died
[25128.108] C vip0 holder A -> B: its holder died
[25128.265] D vip0 holder A -> B: its holder died
[28000.323] A vip0 holder - -> B: heard from it
[28206.697] A vip0 standby -> claiming (B): this node is preferred to the holder
[28206.827] B vip0 holding -> releasing (A): a preferred node claims it
[28206.887] B vip0 releasing -> standby (A): a preferred node claims it
[28207.130] A vip0 claiming -> holding (B): this node is preferred to the holder
[28207.130] A vip0 holder B -> A: the holder handed it over
[28207.452] B vip0 holder B -> A: a preferred node claims it
[28207.527] C vip0 holder B -> A: the holder handed it over
[28207.831] D vip0 holder B -> A: the holder handed it over
= vip0: A
