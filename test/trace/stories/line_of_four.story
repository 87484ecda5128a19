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
[   14.385] A vip0 standby -> claiming: nobody held it
[   14.485] A vip0 claiming -> holding: nobody held it
[   14.485] A vip0 holder - -> A: nobody held it
[   14.600] B vip0 holder - -> A: heard from it
[   14.803] C vip0 holder - -> A: heard from it
[   14.926] D vip0 holder - -> A: heard from it
= vip0: A
= vip0: A
= two holders for 0.000 ms
[25114.651] B vip0 standby -> claiming (A): its holder died
[25114.751] B vip0 claiming -> holding (A): its holder died
[25114.751] B vip0 holder A -> B: its holder died
[25114.906] C vip0 holder A -> B: its holder died
[25115.108] D vip0 holder A -> B: its holder died
[28000.382] A vip0 holder - -> B: heard from it
[28007.997] A vip0 standby -> claiming (B): this node is preferred to the holder
[28008.307] B vip0 holding -> releasing (A): a preferred node claims it
[28008.367] B vip0 releasing -> standby (A): a preferred node claims it
[28008.797] A vip0 claiming -> holding (B): this node is preferred to the holder
[28008.797] A vip0 holder B -> A: the holder handed it over
[28009.028] B vip0 holder B -> A: a preferred node claims it
[28009.111] C vip0 holder B -> A: the holder handed it over
[28009.163] D vip0 holder B -> A: the holder handed it over
= vip0: A
