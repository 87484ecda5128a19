# The elected node dies just after the holder was found dead: vacancy, it owed a heartbeat.
nodes 200 150 100 50
members on
start A B C D
run 3030
mark
crash A
run 150
crash B
run 1500
holders
gap
----
[    0.213] A node C unknown -> alive: heard from it
[    0.312] B node D unknown -> alive: heard from it
[    0.378] D node B unknown -> alive: heard from it
[    0.399] D node C unknown -> alive: heard from it
[    0.399] C node A unknown -> alive: heard from it
[    0.400] C node D unknown -> alive: heard from it
[    0.462] D node A unknown -> alive: heard from it
[    0.462] C node B unknown -> alive: heard from it
[    0.509] A node D unknown -> alive: heard from it
[    0.510] B node C unknown -> alive: heard from it
[    0.553] A node B unknown -> alive: heard from it
[    0.553] A vip0 standby -> claiming: nobody held it
[    0.599] B node A unknown -> alive: heard from it
[    0.653] A vip0 claiming -> holding: nobody held it
[    0.653] A vip0 holder - -> A: nobody held it
[    0.877] B vip0 holder - -> A: heard from it
[    0.932] C vip0 holder - -> A: heard from it
[    0.974] D vip0 holder - -> A: heard from it
[ 3125.930] D node A alive -> suspect: missed its heartbeat
[ 3125.958] C node A alive -> suspect: missed its heartbeat
[ 3125.977] B node A alive -> suspect: missed its heartbeat
[ 3200.930] D node A suspect -> dead: twelve rounds of questions stayed without an answer
[ 3200.958] C node A suspect -> dead: twelve rounds of questions stayed without an answer
[ 3225.930] D node B alive -> suspect: missed its heartbeat
[ 3225.958] C node B alive -> suspect: missed its heartbeat
[ 3300.930] D node B suspect -> dead: twelve rounds of questions stayed without an answer
[ 3300.930] D vip0 holder A -> -: its holder died
[ 3300.958] C node B suspect -> dead: twelve rounds of questions stayed without an answer
[ 3300.958] C vip0 standby -> claiming (A): its holder died
[ 3301.058] C vip0 claiming -> holding (A): its holder died
[ 3301.058] C vip0 holder A -> C: its holder died
[ 3301.188] D vip0 holder - -> C: nobody held it
= vip0: C
= no holder for 271.058 ms at most
