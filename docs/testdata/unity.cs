// Stand-ins for what docs/godot-unity.md uses of Unity, with the names and types that they have there.
namespace UnityEngine
{
    public class MonoBehaviour { }

    public static class Application
    {
        public static string persistentDataPath => ".";
    }

    public static class Debug
    {
        public static void Log(object message) { }
    }
}
