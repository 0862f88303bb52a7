// Two players play a whole game of tic-tac-toe with the client of docs/godot-unity.md, and a second device looks at it.
//
//     mono players.exe http://127.0.0.1:8080 FOLDER
using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Newtonsoft.Json.Linq;

static class Players
{
    static int Main(string[] arguments)
    {
        Play(arguments[0], arguments[1]).Wait();
        return 0;
    }

    static async Task Play(string server, string folder)
    {
        Func<string, string> file = name => Path.Combine(folder, name + ".json");
        var ended = await Task.WhenAll(Person(server, file("Ann"), "Ann"), Person(server, file("Bob"), "Bob"));
        Expect(ended.Count(session => session["result"]["winners"].Any(seat => (int)seat == (int)session["your_seat"])) == 1, "one has won");

        var ann = await Yourturn.Connect(server, file("Ann"));
        var code = (string)(await ann.Call("POST", "v1/me/link-codes"))["code"];
        var tablet = await Yourturn.Connect(server, file("tablet"));
        Expect(tablet.PlayerId != ann.PlayerId, "the tablet is a guest");
        await tablet.SignIn(new { link_code = code });
        Expect(tablet.PlayerId == ann.PlayerId, "the tablet is Ann's");
        Expect((string)(await tablet.Call("GET", "v1/sessions"))["items"][0]["id"] == (string)ended[0]["id"], "the tablet has Ann's game");
        Console.WriteLine("over");
    }

    static async Task<JObject> Person(string server, string file, string name)
    {
        var me = await Yourturn.Connect(server, file);
        var over = new CancellationTokenSource();
        JObject last = null;
        await me.Call("POST", "v1/tickets", new { game = "tictactoe", turn_seconds = 86400 });
        await me.Follow(async message =>
        {
            var id = (string)message["session_id"];
            last = await me.Call("GET", "v1/sessions/" + id);
            if ((bool)last["your_turn"]) last = await Move(me, last, name);
            await me.Seen((long)message["seq"]);
            if ((string)last["status"] == "finished") over.Cancel();
        }, over.Token);
        return last;
    }

    /// The lowest free cell. Before it comes one that is taken, which is refused with the session as it is.
    static async Task<JObject> Move(Yourturn me, JObject session, string name)
    {
        var board = session["view"]["board"].Select(mark => (string)mark).ToList();
        var taken = board.FindIndex(mark => mark != "");
        if (taken >= 0)
        {
            try
            {
                await me.Play(session, new { cell = taken });
                Expect(false, "a taken cell is refused");
            }
            catch (Refused refused)
            {
                Expect(refused.Name == "rule-cell-taken", refused.Name);
                session = refused.Session;
            }
        }
        var turn = (int)session["turn"];
        var played = await me.Play(session, new { cell = board.IndexOf("") });
        Console.WriteLine($"move {turn} {name}");
        return played;
    }

    static void Expect(bool right, string what)
    {
        if (!right) throw new Exception("not so: " + what);
    }
}
