package yourturn

import java.time.OffsetDateTime
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import yourturn.wire.apis.RpsApi
import yourturn.wire.models.FeedMessage
import yourturn.wire.models.RockPaperScissorsConfig
import yourturn.wire.models.RockPaperScissorsMove
import yourturn.wire.models.RockPaperScissorsSessionRequest
import yourturn.wire.models.TicketRequest

class WireTest {
    @Test
    fun `what a newer server says is skipped by an older app`() {
        val text = """{"seq": 7, "kind": "tea_served", "at": "2026-01-02T03:04:05Z", "data": {"sugar": [1, null]}, "cups": {"red": 2}}"""
        val message: FeedMessage = wireJson.decodeFromString(text)
        assertEquals("tea_served", message.kind)
        assertEquals(OffsetDateTime.parse("2026-01-02T03:04:05Z"), message.at)
        assertEquals("[1,null]", message.data["sugar"].toString())
        val move: RockPaperScissorsMove = wireJson.decodeFromString("""{"throw": "well", "spin": true}""")
        assertEquals(RockPaperScissorsMove("well"), move)
    }

    @Test
    fun `an absent member is left out`() {
        assertEquals("""{"game":"tictactoe"}""", wireJson.encodeToString(TicketRequest.serializer(), TicketRequest(game = "tictactoe")))
    }

    @Test
    fun `a game has operations of its own`() = story {
        connect(server).use { client ->
            val config = RockPaperScissorsConfig(bestOf = 5)
            val session = client.api.of<RpsApi>().startRockPaperScissorsSession(RockPaperScissorsSessionRequest(config = config))
            assertEquals(config, session.config)
        }
    }
}
